"""What the audit log calls this application's rows, out of the names that its events keep.

A name that is not as it is written today is shown as it is.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _

from ledger.amounts import said
from ledger.states import ExceptionKind

_EXCEPTION: Final = re.compile(r"(\w+) #\d+")
_REFUND: Final = re.compile(r"refund for rental:(\d+)")
_MONTH: Final = re.compile(r"(\d{4})-(\d\d) of wallet \d+")
_TRANSFER: Final = re.compile(r"\w+ (\d+\.\d+) ([A-Z]{3}) \(.*\)")


def exception(label: str) -> str:
    """What it is about."""
    found = _EXCEPTION.fullmatch(label)
    known = found is not None and found[1] in ExceptionKind
    return str(ExceptionKind(found[1]).label) if found and known else label


def refund(label: str) -> str:
    found = _REFUND.fullmatch(label)
    return _("Refund for rental #%(number)s") % {"number": found[1]} if found else label


def closed_month(label: str) -> str:
    """Its month; which wallet's it is its page says."""
    found = _MONTH.fullmatch(label)
    return formats.date_format(date(int(found[1]), int(found[2]), 1), "F Y") if found else label


def transfer(label: str) -> str:
    """Its amount."""
    found = _TRANSFER.fullmatch(label)
    return said(Decimal(found[1]), found[2]) if found else label
