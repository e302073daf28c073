"""Brings the database and the static files up to this version; safe to repeat."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core import checks
from django.core.management import BaseCommand, CommandError, call_command


class Command(BaseCommand):
    help = "Check the settings, migrate the database, collect the static files."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--skip-static", action="store_true", help="where an image has them")

    def handle(self, *args: Any, skip_static: bool, **options: Any) -> None:
        self._check()
        call_command("migrate", verbosity=0, interactive=False)
        if not skip_static:
            call_command("collectstatic", verbosity=0, interactive=False)
        self.stdout.write(f"prepared users={get_user_model().objects.count()}")

    def _check(self) -> None:
        errors = [
            found
            for found in checks.run_checks(include_deployment_checks=True)
            if found.is_serious()
        ]
        if errors:
            hint = f" {errors[0].hint}" if errors[0].hint else ""
            raise CommandError(f"{errors[0].msg}{hint}")
