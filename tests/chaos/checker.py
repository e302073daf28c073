"""The provider's own books against the database, after everything has recovered.

It reads rows and the sandbox, and uses no operation of the portal.
"""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

from django.db import connections
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from benchmarks.ground import until
from ledger.book import wallet_balance
from ledger.book.proof import prove
from ledger.models import Refund
from rentals.models import InboxEntry, Message, Rental
from rentals.states import OPEN
from rentals.states import RentalState as S
from sandbox.books.records import Activation, Delivery
from tests.chaos.browser import Onlooker
from tests.chaos.report import Report
from tests.chaos.stage import Stage

RECOVERED = 60.0  # seconds after which nothing may be stuck
WITHOUT_NUMBER = (S.REQUESTED, S.IN_DOUBT, S.LOST)


def check(stage: Stage, report: Report, onlooker: Onlooker | None = None) -> None:
    """Call it as soon as everything runs again; what is wrong is added to `report.lost`."""
    connections.close_all()  # ours may have died with PostgreSQL
    began = timezone.now()
    with suppress(RuntimeError):  # what is missing is told below
        until(lambda: not any(_unsettled(stage)), "all has settled", RECOVERED)
    report.count("settled_within_s", round((timezone.now() - began).total_seconds()))
    for wrong in (_unsettled, _rents, _hooks, _money):
        report.lost += wrong(stage)
    report.count("rentals", len(_rentals(stage)))
    report.count("activations", sum(not each.outside for each in stage.activations()))
    report.count("in_doubt", len([r for r in _rentals(stage).values() if r.state == S.IN_DOUBT]))
    report.count("rents_sent", sum(each.is_rent for each in stage.wire.asked))
    if onlooker is not None:
        report.count("pages_read", onlooker.pages)
        report.count("error_pages", onlooker.errors)
        report.lost += onlooker.lies


def _rentals(stage: Stage) -> dict[str, Rental]:
    found = Rental.objects.select_related("account").filter(carrier__in=stage.tags)
    return {rental.carrier: rental for rental in found}


def _unsettled(stage: Stage) -> Iterator[str]:
    """What somebody still has to do, and codes that are still on their way."""
    for rental in _rentals(stage).values():
        asked_to_finish = rental.finish_requested_at and rental.state == S.RECEIVED
        if rental.state in (S.REQUESTED, S.CANCELLING) or asked_to_finish:
            words = "finishing" if asked_to_finish else rental.state
            yield f"{rental.carrier} is still {words}"
    known = Rental.objects.filter(
        account=OuterRef("account"), activation_id=OuterRef("activation_id")
    )
    waiting = InboxEntry.objects.filter(
        Q(outcome="") | Exists(known), account__in=stage.accounts.values(), applied_at=None
    )
    for entry in waiting:
        yield f"webhook {entry.pk} for {entry.activation_id} is not applied"
    yield from _codes(stage)
    yield from _activations(stage)


def _rents(stage: Stage) -> Iterator[str]:
    """No request for a rental was sent twice."""
    for tag in stage.tags:
        if (times := stage.wire.rents(tag)) > 1:
            yield f"{tag} was rented {times} times"
        if sum(each.carrier == tag for each in stage.activations()) > 1:
            yield f"{tag} was paid for more than once"


def _hooks(stage: Stage) -> Iterator[str]:
    """What was answered with 200 is in the inbox."""
    accounts = {wallet: stage.accounts[provider] for provider, wallet in stage.wallets.items()}
    taken = InboxEntry.objects.filter(account__in=accounts.values())
    kept = set(taken.values_list("account_id", "activation_id"))
    for hook in _accepted(stage):
        if (accounts.get(hook.wallet_id), str(hook.activation_id)) not in kept:
            yield f"a webhook for {hook.activation_id} got 200 and was not kept"


def _accepted(stage: Stage) -> list[Delivery]:
    return [each for each in stage.sandbox.journal.deliveries() if each.status == 200]


def _activations(stage: Stage) -> Iterator[str]:
    """What is paid is known, and ended as the provider says."""
    rentals = _rentals(stage)
    for paid in stage.activations():
        rental = rentals.get(paid.carrier)
        if paid.outside or paid.carrier not in stage.tags:
            continue
        if rental is None:
            yield f"{paid.carrier} is paid for, and the portal has no such rental"
        elif rental.activation_id != str(paid.id) and rental.state not in WITHOUT_NUMBER:
            yield f"{paid.carrier} is paid for, and the portal says {rental.state}"
        elif rental.activation_id and not _agree(rental, paid):
            yield f"{paid.carrier} is {rental.state} here and {paid.state} there"


def _agree(rental: Rental, paid: Activation) -> bool:
    if rental.state == S.CANCELLED:
        return paid.state == "canceled"
    return paid.state != "canceled"


def _codes(stage: Stage) -> Iterator[str]:
    """What the provider holds is here, each once, and nothing else is called genuine.

    A doubt has no code to show as long as no webhook has told of its activation.
    """
    rentals = _rentals(stage)
    told = {(hook.provider, hook.activation_id) for hook in _accepted(stage)}
    for paid in stage.activations():
        rental = rentals.get(paid.carrier)
        if rental is None:
            continue
        if not rental.activation_id:
            if (paid.provider, paid.id) in told:
                yield f"{paid.carrier} is {rental.state}, and a webhook told of its number"
            continue
        there = {message.code for message in stage.messages(paid)}
        here = list(Message.objects.filter(rental=rental).values_list("code", "confirmed_at"))
        codes = [code for code, _ in here]
        confirmed = {code for code, confirmed_at in here if confirmed_at}
        if missing := there - set(codes):
            yield f"{paid.carrier} lacks {len(missing)} of {len(there)} codes"
        elif rental.state in OPEN and there - confirmed:
            yield f"{paid.carrier} has codes that nobody has confirmed"
        if confirmed - there:
            yield f"{paid.carrier} has a code that never came"
        if len(set(codes)) < len(codes):
            yield f"{paid.carrier} has a code twice"


def _money(stage: Stage) -> Iterator[str]:
    """Every charge is booked at its price or held, and the book adds up."""
    rentals = _rentals(stage)
    prices = {each.carrier: each.price for each in stage.activations()}
    for tag, rental in rentals.items():
        price = prices.get(tag)
        if rental.state in (S.REQUESTED, S.IN_DOUBT):
            if rental.held != rental.price:
                yield f"{tag} is {rental.state} and holds {rental.held}"
        elif (rental.charged or Decimal(0)) != (price or Decimal(0)) or rental.held:
            yield f"{tag} is charged {rental.charged} here and {price} there"
        claimed = Refund.objects.filter(
            wallet=rental.account, reference=f"rental:{rental.pk}"
        ).exists()
        if rental.state == S.CANCELLED and not claimed:
            yield f"{tag} was cancelled, and no refund is claimed"
    for account in stage.accounts.values():
        yield from prove(account)
        book = wallet_balance(account)
        held = sum((r.held for r in rentals.values() if r.account_id == account), Decimal(0))
        if book is None or book.held != held:
            yield f"the book of account {account} holds {book and book.held} and not {held}"
