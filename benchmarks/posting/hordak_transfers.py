"""django-hordak's `transfer_to`, in an environment of its own: it is no dependency of ours.

Started with a database's name, user and socket folder. Reads a number of transfers a line, and
answers each with the seconds that they took.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command


def main(name: str, user: str, host: str) -> None:
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": name,
                "USER": user,
                "HOST": host,
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "mptt",
            "djmoney",
            "hordak",
        ],
        DEFAULT_CURRENCY="USD",
        CURRENCIES=["USD"],
        USE_TZ=True,
        SECRET_KEY="of no use",  # noqa: S106
    )
    django.setup()
    call_command("migrate", verbosity=0)
    transfer = _transfers()
    transfer()
    print("ready", flush=True)  # noqa: T201 - the other side reads it
    for line in sys.stdin:
        started = time.perf_counter()
        for _ in range(int(line)):
            transfer()
        print(time.perf_counter() - started, flush=True)  # noqa: T201


def _transfers() -> Callable[[], Any]:
    from djmoney.money import Money  # type: ignore[import-not-found]
    from hordak.models import Account, AccountType  # type: ignore[import-not-found]

    given = {"currencies": ["USD"]}
    spend = Account.objects.create(name="Rentals", code="1", type=AccountType.expense, **given)
    wallet = Account.objects.create(name="Wallet", code="2", type=AccountType.asset, **given)
    amount = Money("0.45", "USD")
    return lambda: wallet.transfer_to(spend, amount, description="WhatsApp")


if __name__ == "__main__":
    main(*sys.argv[1:])
