"""The link in an e-mail that leads to deciding a request.

It is signed and lasts for a week, and it works once: a request that is decided has no answer any
more. It says which request is meant and lets nobody in: whoever follows it signs in as an admin
of the team, because an e-mail is forwarded, kept and opened by scanners, and a decision about
money carries a name.
"""

from datetime import timedelta
from typing import Final

from django.core import signing

from rentals.models import BudgetRequest

LASTS: Final = timedelta(days=7)
_SALT: Final = "rentals.budgets.answers"


def token(request: BudgetRequest) -> str:
    return signing.TimestampSigner(salt=_SALT).sign(str(request.pk))


def request_id(token: str) -> int | None:
    """Of which request a link is; None where it is too old, or none of ours."""
    try:
        return int(signing.TimestampSigner(salt=_SALT).unsign(token, max_age=LASTS))
    except (signing.BadSignature, ValueError):
        return None
