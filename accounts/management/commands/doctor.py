"""Says whether everything that the portal needs is there."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import doctor


class Command(BaseCommand):
    help = "Check the database, Redis, the keyring and, if asked, the providers: a line for each."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--providers",
            action="store_true",
            help="also read each provider account's balance, which counts against its limits",
        )

    def handle(self, *args: Any, providers: bool, **options: Any) -> None:
        problems = 0
        for name, check in doctor.checks(providers=providers):
            try:
                self.stdout.write(f"{name} ok {check()}".rstrip())
            except doctor.Problem as problem:
                problems += 1
                self.stdout.write(f"{name} problem {problem}")
        if problems:
            raise CommandError(f"{problems} of the checks found a problem.")
