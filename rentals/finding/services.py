"""Services: to rent for whoever rents, else what was rented of them."""

from typing import Final
from urllib.parse import urlencode

from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from rentals.finding.hits import Hit
from rentals.finding.known import Known
from rentals.queries import offers_of
from rentals.visibility import may_rent

MOST: Final = 5


def find(membership: Membership, words: list[str], known: Known) -> list[Hit]:
    """Those whose name holds every word; one that begins with the first word comes first."""
    rents = may_rent(membership)
    names = _offered(membership) if rents else sorted(known.there.service)
    found = [name for name in names if all(word.casefold() in name.casefold() for word in words)]
    first = words[0].casefold()
    nearest = sorted(found, key=lambda name: not name.casefold().startswith(first))[:MOST]
    to = reverse("board" if rents else "rental_list", args=[membership.team.slug])
    note = _("Rent a number") if rents else _("Its rentals")
    return [
        Hit(name, f"{to}?{urlencode({'q' if rents else 'service': name})}", note)
        for name in nearest
    ]


def _offered(membership: Membership) -> list[str]:
    offers = offers_of(membership.team).order_by(Lower("name"))
    return list(dict.fromkeys(offers.values_list("name", flat=True)))
