"""A member asks for a number: the row is written, the money held; no one is called yet."""

import re
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Membership
from ledger.book import MonthClosed
from ledger.days import team_day
from providers.registry import provider
from rentals import channels, money
from rentals.causes import Cause
from rentals.models import Offer, Policy, Rental, RentalEvent
from rentals.nudges import nudge
from rentals.operations.errors import PolicyRefused, RentalNotAllowed, StoppedByBudget
from rentals.operations.keeping_within import keep_within_budgets
from rentals.operations.stopping import record_stop
from rentals.policy import Wish, decide
from rentals.states import RentalState
from rentals.visibility import may_rent

AREA_CODE = re.compile(r"[0-9]{1,6}")
CARRIER = re.compile(r"[\w .&+-]{1,40}")
NUMBER = re.compile(r"\+?[0-9]{6,15}")


def request_rental(
    *,
    membership: Membership,
    offer: Offer,
    area_code: str = "",
    carrier: str = "",
    wanted_number: str = "",
    purpose: str = "",
    request_key: UUID,
    now: datetime,
) -> Rental:
    """Write a rental as requested, hold its price, and nudge a worker to carry it out.

    The same member with the same `request_key` gets the same rental again, whatever else the
    second form says. Raises RentalNotAllowed, with the reason in a person's words:
    PolicyRefused where the team's rules say no, StoppedByBudget where a budget does; both are
    recorded.
    """
    if known := _same_form(membership, request_key):
        return known
    _check_right(membership, offer)
    _check_wishes(offer, area_code, carrier, wanted_number)
    rental = Rental(
        team=membership.team,
        member=membership.user,
        account=offer.account,
        request_key=request_key,
        service_code=offer.service_code,
        service_name=offer.name,
        area_code=area_code,
        carrier=carrier,
        wanted_number=wanted_number,
        purpose=purpose.strip()[:200],
        currency=offer.account.currency,
        price=offer.price,
        ttl=offer.ttl,
        multiple_sms=offer.multiple_sms,
        auto_cancel=membership.team.auto_cancel,
        requested_at=now,
        day=team_day(membership.team, now),
        held=offer.price,
    )
    try:
        return _admit(rental, membership, now)
    except (PolicyRefused, StoppedByBudget) as stop:
        record_stop(membership=membership, rental=rental, stop=stop)
        raise
    except MonthClosed as closed:
        raise RentalNotAllowed(
            _("Finance has closed this month: nothing can be rented in it.")
        ) from closed
    except IntegrityError:
        if known := _same_form(membership, request_key):
            return known
        raise


def _same_form(membership: Membership, request_key: UUID) -> Rental | None:
    known = Rental.objects.filter(member=membership.user, request_key=request_key).first()
    if known is not None and known.team_id != membership.team_id:
        raise RentalNotAllowed(_("This form was already sent for another team. Reload the page."))
    return known


def _admit(rental: Rental, membership: Membership, now: datetime) -> Rental:
    """Write the rental if the team's rules let it, one of a member at a time.

    What counts a member's rentals stays true until the commit, because the member's next one
    waits for it.
    """
    with transaction.atomic():
        _lock(membership)
        if known := _same_form(membership, rental.request_key):
            return known
        _check_policy(rental, membership)
        _write(rental, membership, now)
    return rental


def _lock(membership: Membership) -> None:
    """Their right to rent is that of this moment: their page may have been let in before it."""
    rows = Membership.objects.select_for_update(no_key=True)
    held = rows.filter(pk=membership.pk).first()
    if held is None or not may_rent(held):
        raise RentalNotAllowed(_("You may not rent numbers here."))


def _check_policy(rental: Rental, membership: Membership) -> None:
    """Against the rules of this moment: a later change of them leaves the rental alone."""
    terms = Policy.of(membership.team_id).terms
    own = Rental.objects.live().filter(team=membership.team_id, member=membership.user_id)
    wish = Wish(rental.service_name, rental.price, rental.currency, rental.purpose)
    states = [] if terms.most_live is None else list(own.values_list("state", flat=True))
    doubts = states.count(RentalState.IN_DOUBT)
    refusals = decide(terms, wish, live=len(states), doubts=doubts)
    if refusals:
        raise PolicyRefused(refusals, membership.team.admins())


def _write(rental: Rental, membership: Membership, now: datetime) -> None:
    rental.save(force_insert=True)
    RentalEvent.objects.create(
        rental=rental,
        at=now,
        actor=membership.user,
        to_state=RentalState.REQUESTED,
        cause=Cause.REQUESTED,
    )
    keep_within_budgets(rental)
    money.book_hold(rental, now=now)
    _record(rental, membership)
    transaction.on_commit(lambda: channels.publish(rental))
    transaction.on_commit(lambda: nudge("rentals.send_rent", rental.pk))


def _record(rental: Rental, membership: Membership) -> None:
    audit.record(
        team=membership.team,
        actor=membership.user,
        action=Action.RENTAL_REQUESTED,
        object=rental,
        after={
            "service": rental.service_name,
            "account": rental.account.label,
            "price": str(rental.price),
            "currency": rental.currency,
        },
    )


def _check_right(membership: Membership, offer: Offer) -> None:
    account = offer.account
    if account.team_id != membership.team_id or not may_rent(membership):
        raise RentalNotAllowed(_("You may not rent numbers here."))
    if account.archived_at is not None:
        raise RentalNotAllowed(_("This provider account is archived. Choose another offer."))
    if account.key_refused_at is not None:
        raise RentalNotAllowed(
            _("The provider does not accept this account’s key. An admin can replace it.")
        )
    if offer.gone_at is not None:
        raise RentalNotAllowed(_("The provider no longer offers this service. Choose another."))


def _check_wishes(offer: Offer, area_code: str, carrier: str, wanted_number: str) -> None:
    if area_code and not AREA_CODE.fullmatch(area_code):
        raise RentalNotAllowed(_("An area code is up to six digits, such as 212."))
    if carrier and not CARRIER.fullmatch(carrier):
        raise RentalNotAllowed(_("A carrier is a short name, such as vz."))
    if not wanted_number:
        return
    account = offer.account
    if not provider(account.provider, account.server_prefix).capabilities.choose_number:
        raise RentalNotAllowed(_("This provider does not let you choose the number."))
    if not NUMBER.fullmatch(wanted_number):
        raise RentalNotAllowed(_("Give the number with its country code, such as +12025550123."))
