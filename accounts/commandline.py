"""What the operator's commands share: one clear line on standard error, never a traceback."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, OperationalError

from accounts.models import Team
from accounts.operations.errors import NotPossible
from accounts.secrets.keyring import KeyringError
from accounts.secrets.sealing import SealBroken

NO_TABLES = "42P01"  # PostgreSQL's code for a relation that does not exist


class OperatorCommand(BaseCommand):
    """Write `work` instead of `handle`: what it can't do becomes one line and exit code 1."""

    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(**options)
        except (NotPossible, KeyringError, SealBroken) as error:
            raise CommandError(one_line(error)) from error
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {one_line(error)}") from error
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", "") == NO_TABLES:
                raise CommandError("The database has no tables yet: run migrate first.") from error
            raise CommandError(f"The database refused: {one_line(error)}") from error

    def work(self, **options: Any) -> None:
        raise NotImplementedError

    def say(self, **values: Any) -> None:
        """Print what was done, on one line that a script can read: `word name=value ...`."""
        word = values.pop("what")
        pairs = (f"{name}={value}" for name, value in values.items())
        self.stdout.write(" ".join([word, *pairs]))


def add_team_argument(parser: ArgumentParser) -> None:
    parser.add_argument("team", metavar="SLUG", help="the team's slug, as create_team printed it")


def find_team(slug: str) -> Team:
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        known = ", ".join(Team.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise CommandError(f"There is no team {slug!r}. Teams: {known or 'none yet'}.")
    return team


def read_secret(what: str) -> str:
    """The first line of standard input, without its end."""
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise CommandError(f"No {what} came on standard input.")
    return secret


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
