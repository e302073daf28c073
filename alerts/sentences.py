"""What alerts say, for ledger.retelling: they are marked where they are written, in conditions."""

from typing import Final

SENTENCES: Final = (
    "%(wallet)s is low",
    "It holds %(held)s; the limit is %(limit)s.",
    "%(wallet)s falls fast",
    "%(fall)s went within an hour; the limit is %(limit)s.",
    "A refund of %(wallet)s is overdue",
    "Up to %(amount)s for %(service)s was due by %(day)s.",
    "Rental #%(id)s is in doubt",
    "%(service)s at %(wallet)s: %(amount)s may have been charged.",
    "Webhooks of %(account)s have gone quiet",
    "%(provider)s refuses the key of %(account)s",
    "Budget used up: %(whose)s",
    "Budget nearly used: %(whose)s",
    "%(used)s of %(limit)s used; it renews on %(day)s.",
)
