"""How an offer does, beside its price: in columns for the eye, in words for the ear."""

from collections.abc import Iterator

from django import template
from django.utils.translation import gettext as _

from rentals.models import Offer
from rentals.templatetags.portal import NOTHING, grouped, span

register = template.Library()


@register.simple_tag
def columns(offer: Offer, learned: bool) -> list[tuple[str, str]]:
    """What stands in each, with the class that marks it, or "". `learned`: whether of any offer
    of the list it is known how it does."""
    return list(_columns(offer, learned))


@register.simple_tag
def aloud(offer: Offer, learned: bool) -> str:
    """The same for who can't see columns."""
    return ", ".join(_phrases(offer, learned))


def _columns(offer: Offer, learned: bool) -> Iterator[tuple[str, str]]:
    yield (
        NOTHING if offer.stock is None else grouped(offer.stock),
        "offer__none" if offer.stock == 0 else "",
    )
    yield span(offer.ttl), ""
    if learned:
        success, wait = offer.success, offer.median_wait
        told = _("New") if success is None else f"{success} %"
        yield told, "offer__best" if "success" in offer.best else ""
        shown = NOTHING if success is None or wait is None else span(wait)
        yield shown, "offer__best" if "wait" in offer.best else ""


def _phrases(offer: Offer, learned: bool) -> Iterator[str]:
    if offer.stock == 0:
        yield _("none in stock")
    elif offer.stock is not None:
        yield _("%(count)s in stock") % {"count": grouped(offer.stock)}
    yield _("a number lasts %(time)s") % {"time": span(offer.ttl)}
    if learned:
        yield _success(offer.success, offer.median_wait)


def _success(share: int | None, wait: int | None) -> str:
    if share is None:
        return _("rented too seldom to tell how it does")
    if wait is None:
        return _("No code so far")
    said = _("%(share)s %% got a code, half of them within %(wait)s")
    return said % {"share": share, "wait": span(wait)}
