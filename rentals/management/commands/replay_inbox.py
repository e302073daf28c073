"""Applies stored webhooks once more."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.commandline import OperatorCommand
from accounts.models import ProviderAccount
from rentals.operations.replaying import replay_inbox

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
WEEK = "7d"


class Command(OperatorCommand):
    help = (
        "Apply the webhooks that came since a time once more, from what was stored of them. Safe "
        "to repeat: what is attached already is not attached twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", type=int, metavar="ID", help="one provider account alone")
        parser.add_argument(
            "--since",
            default=WEEK,
            help="how long ago (30m, 12h, 7d) or when, as 2026-05-18T14:00Z; a week by default",
        )

    def work(self, **options: Any) -> None:
        since = _moment(options["since"])
        accounts = list(_accounts(options["account"]))
        entries = replay_inbox(accounts=accounts, since=since, actor=None)
        self.say(what="replaying", entries=entries, accounts=len(accounts), since=since.isoformat())


def _accounts(pk: int | None) -> list[ProviderAccount]:
    accounts = ProviderAccount.objects.select_related("team").order_by("pk")
    found = list(accounts if pk is None else accounts.filter(pk=pk))
    if pk is not None and not found:
        raise CommandError(f"There is no provider account {pk}.")
    return found


def _moment(words: str) -> datetime:
    number, unit = words[:-1], UNITS.get(words[-1:])
    if unit and number.isascii() and number.isdigit() and len(number) < 6:
        return timezone.now() - timedelta(**{unit: int(number)})
    try:
        found = parse_datetime(words)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"{words!r} is no time: write 12h, 7d or 2026-05-18T14:00Z.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)
