"""What must hold after every step, and at the end against the provider's truth."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal

from ledger.book import wallet_balance
from ledger.models import Match, ReconciliationException, Refund, StatementRow, Transfer
from ledger.states import (
    UNRESOLVED,
    AccountKind,
    ExceptionKind,
    MatchPass,
    Phase,
    TransferKind,
)
from rentals.models import Rental
from rentals.states import RentalState as S
from sandbox.books.records import Activation, Entry
from tests.simulation import ledger_side, ordering, rules
from tests.simulation.world import Life

NOTHING = Decimal(0)
OPEN_QUESTION = (S.REQUESTED, S.IN_DOUBT)
SETTLED = (S.FINISHED, S.CANCELLED, S.EXPIRED, S.REFUSED, S.IN_DOUBT, S.LOST)


class Broken(AssertionError):
    """A rule does not hold; the text says which, with what was found."""


def check_step(life: Life) -> None:
    """The rules of the book, and that no rent was sent twice."""
    if life.world.complaints.lines:
        raise Broken("our code logged an error: " + life.world.complaints.lines[0])
    for rental_id, posts in life.truth.posts.items():
        if posts - life.truth.throttled[rental_id] > 1:
            raise Broken(f"rental {rental_id} was sent {posts} times")
    if broken := rules.broken_rule(life.account.pk):
        raise Broken(broken)
    last, content = life.booked
    if rules.digest(life.account.pk, last)[1] != content:
        raise Broken("what was booked before reads otherwise now")
    life.booked = rules.digest(life.account.pk)


def check_end(life: Life) -> None:
    """Everything is at the provider's truth, or stands in front of a person."""
    found, setting = Found.of(life), life.scenario.setting
    for check in (_wallet, _rentals_ended, _rows, _matches):
        check(found)
    if setting.provider == "smsgig" or not setting.surprising:
        _charges(found)
        _refunds(found)
    _again(life)
    if setting.provider == "smsgig" and life.scenario.seed % 4 == 0 and not life.by_person:
        _in_any_order(life)


def _again(life: Life) -> None:
    """Reconciling once more changes nothing."""
    before = rules.everything(life.account.pk)
    life.clock.move(700)
    ledger_side.reconcile(life)
    if rules.everything(life.account.pk) != before:
        raise Broken("reconciling once more has changed something")


def _in_any_order(life: Life) -> None:
    life.counts["matched in another order"] += 1
    if different := ordering.differences(life):
        raise Broken(f"rows in another order are matched otherwise: {different}")


@dataclass(frozen=True)
class Found:
    """The two sides of a life at its end."""

    life: Life
    rentals: dict[int, Rental]
    paid: dict[int, list[Activation]]
    entries: list[Entry]
    exceptions: list[ReconciliationException]  # those that nobody has resolved

    @classmethod
    def of(cls, life: Life) -> "Found":
        return cls(
            life,
            {rental.pk: rental for rental in life.rentals()},
            life.truth.by_rental(),
            life.truth.entries(),
            list(
                ReconciliationException.objects.filter(
                    wallet=life.account, state__in=UNRESOLVED
                ).select_related("row")
            ),
        )

    def entries_of(self, activation_id: int, kind: str) -> list[Entry]:
        return [e for e in self.entries if e.activation_id == activation_id and e.type == kind]

    def is_reported(self, rental_id: int, difference: Decimal) -> bool:
        """Whether a person is told of the rental, of a row of its, or of just that much money; or
        of any money that the balance leaves unexplained."""
        named = re.compile(rf"\brental:{rental_id}\b")
        own = {str(e.id) for a in self.paid.get(rental_id, []) for e in self.entries_of_any(a.id)}
        return any(
            each.reference == f"rental:{rental_id}"
            or (each.row is not None and each.row.provider_id in own)
            or (each.amount and abs(each.amount) == abs(difference))
            or (each.kind == ExceptionKind.DRIFT and (each.amount or named.search(each.detail)))
            for each in self.exceptions
        )

    def is_a_persons(self, what: str) -> bool:
        """Whether finance had a hand in it: a reference, or a row's own number."""
        return what in self.life.by_person

    def entries_of_any(self, activation_id: int) -> list[Entry]:
        return [e for e in self.entries if e.activation_id == activation_id]


def _wallet(found: Found) -> None:
    book = wallet_balance(found.life.account.pk)
    assert book is not None
    truth = found.life.truth.balance
    if book.posted != truth:
        raise Broken(f"the wallet holds {truth} and the book says {book.posted}")


def _rentals_ended(found: Found) -> None:
    for rental in found.rentals.values():
        if rental.state not in SETTLED:
            raise Broken(f"rental {rental.pk} is still {rental.state}")


def _charges(found: Found) -> None:
    """Each rental is booked at what the provider took for it, or in doubt, or reported.

    Doubts that are alike may stand for each other: their number must be right.
    """
    wrong: dict[tuple[str, Decimal], list[str]] = defaultdict(list)
    surplus: Counter[tuple[str, Decimal]] = Counter()
    by_balance = found.life.it.provider != "smsgig"  # which tells equal sums, and not whose
    for pk, rental in found.rentals.items():
        took = sum((a.price for a in found.paid.get(pk, [])), NOTHING)
        booked = _booked_charge(found, pk)
        if booked == took or rental.state in OPEN_QUESTION or _given_back_unseen(found, pk):
            continue
        alike = (rental.service_code, abs(took - booked))
        is_told = found.is_reported(pk, took - booked) or found.is_a_persons(f"rental:{pk}")
        if by_balance or not is_told:
            surplus[alike] += 1 if booked > took else -1
        if is_told:
            continue
        words = f"rental {pk} ({rental.state}) is booked at {booked}, and the provider took {took}"
        wrong[alike].append(words)
    for alike, told in wrong.items():
        even = not surplus[alike] and (by_balance or _fungible(found, alike))
        if not even and not (surplus[alike] > 0 and _bought_outside(found, alike)):
            raise Broken("; ".join(told))
        found.life.counts["charge of one alike"] += 1


def _bought_outside(found: Found, alike: tuple[str, Decimal]) -> bool:
    """Whether somebody else bought just the same: a doubt of ours can't be told from that."""
    outside = [a for a in found.life.truth.activations() if a.outside]
    return any((a.service_code, a.price) == alike for a in outside)


def _given_back_unseen(found: Found, rental_id: int) -> bool:
    """Whether a doubt was charged and all of it came back, where only the balance could tell."""
    if found.life.it.provider == "smsgig" or found.rentals[rental_id].state != S.REFUSED:
        return False
    paid = found.paid.get(rental_id, [])
    back = sum((e.amount for a in paid for e in found.entries_of(a.id, "refund")), NOTHING)
    if not paid or back != sum((a.price for a in paid), NOTHING):
        return False
    found.life.counts["charged and given back unseen"] += 1
    return True


def _fungible(found: Found, alike: tuple[str, Decimal]) -> bool:
    """Whether all rentals that are mistaken for each other were without a number."""
    service, _ = alike
    doubtful = [r for r in found.rentals.values() if r.service_code == service]
    return any(r.state == S.LOST for r in doubtful)


def _booked_charge(found: Found, rental_id: int) -> Decimal:
    transfers = Transfer.objects.filter(
        wallet=found.life.account,
        reference=f"rental:{rental_id}",
        phase__in=[Phase.POSTED, Phase.POST],
    ).exclude(kind__in=[TransferKind.REFUND, TransferKind.SUSPENSE])
    spent = {True: NOTHING, False: NOTHING}
    for transfer in transfers.select_related("debit", "credit"):
        if transfer.key.startswith("match:") and not transfer.key.endswith(":differs"):
            continue
        if AccountKind.SPEND in (transfer.debit.kind, transfer.credit.kind):
            spent[transfer.debit.kind == AccountKind.SPEND] += transfer.amount
    return spent[True] - spent[False]


def _refunds(found: Found) -> None:
    """What came back for each rental is booked for it or one alike, is reported, or is awaited."""
    off: Counter[tuple[str, Decimal]] = Counter()
    words: dict[tuple[str, Decimal], list[str]] = defaultdict(list)
    received = dict(
        Refund.objects.filter(wallet=found.life.account).values_list("reference", "received")
    )
    for pk, rental in found.rentals.items():
        back = [e.amount for a in found.paid.get(pk, []) for e in found.entries_of(a.id, "refund")]
        booked = received.get(f"rental:{pk}", NOTHING)
        difference = booked - sum(back, NOTHING)
        if not difference or found.is_reported(pk, difference):
            continue
        if _given_back_unseen(found, pk):
            continue
        if found.is_a_persons(f"rental:{pk}"):
            continue
        alike = (rental.service_code, abs(difference))
        off[alike] += 1 if difference > 0 else -1
        words[alike].append(f"rental {pk} got {back} back, and {booked} is booked")
    for alike, told in words.items():
        if off[alike] and not _outside_alike(found, alike):
            raise Broken("; ".join(told))


def _outside_alike(found: Found, alike: tuple[str, Decimal]) -> bool:
    """Whether somebody else with the same wallet had a refund just like it."""
    service, amount = alike
    outside = {
        a.id for a in found.life.truth.activations() if a.outside and a.service_code == service
    }
    return any(
        e.type == "refund" and e.activation_id in outside and e.amount == amount
        for e in found.entries
    )


def _rows(found: Found) -> None:
    """Each row of the provider's is known, and is matched, in one open exception, or decided."""
    if found.life.it.provider != "smsgig":
        return
    wallet = found.life.account
    rows = {row.provider_id: row for row in StatementRow.objects.filter(wallet=wallet)}
    matched = set(
        Match.objects.filter(row__wallet=wallet, undone_at=None).values_list("row_id", flat=True)
    )
    explained: Counter[int] = Counter()
    decided = set(
        ReconciliationException.objects.filter(
            wallet=wallet, row__isnull=False, resolved_by__isnull=False
        ).values_list("row_id", flat=True)
    )
    for each in found.exceptions:
        if each.row_id is not None and each.kind in _ABOUT_ROWS:
            explained[each.row_id] += 1
    for entry in found.entries:
        row = rows.get(str(entry.id))
        if row is None:
            raise Broken(f"the provider's {_told(entry)} is not in the statement here")
        if row.before_cut_over:
            raise Broken(f"the provider's {_told(entry)} counts as from before the cut-over")
        ways = (row.pk in matched) + explained[row.pk]
        if ways != 1 and row.pk not in decided:
            raise Broken(f"the provider's {_told(entry)} is explained {ways} times")


_ABOUT_ROWS = (
    ExceptionKind.OUTSIDE_PURCHASE,
    ExceptionKind.OUTSIDE_REFUND,
    ExceptionKind.DOUBLE_REFUND,
    ExceptionKind.UNKNOWN_ROW,
)


def _matches(found: Found) -> None:
    """Each match is of the rental's own row, or of one that nobody could tell from it."""
    entries = {str(entry.id): entry for entry in found.entries}
    owners = found.life.truth.owners
    matches = Match.objects.filter(row__wallet=found.life.account, undone_at=None)
    for match in matches.select_related("row", "transfer"):
        entry = entries.get(match.row.provider_id)
        if entry is None:
            raise Broken(f"{match} is of a row from before the cut-over")
        if entry.type == "deposit":
            continue
        truly = owners.get(entry.activation_id or 0)
        said = match.transfer.reference
        if said == f"rental:{truly}":
            continue
        if match.by_pass == MatchPass.PERSON or found.is_a_persons(str(entry.id)):
            continue
        if not _alike(found, entry, match):
            raise Broken(
                f"{_told(entry)} is of {truly or 'somebody else'}, and was matched to {said} "
                f"by {match.by_pass}"
            )
        found.life.counts["matched to one alike"] += 1


def _alike(found: Found, entry: Entry, match: Match) -> bool:
    """Whether the row says just what a row of the rental that it was matched to would say."""
    rental = found.rentals.get(int(match.transfer.reference.rpartition(":")[2] or 0))
    if rental is None or match.by_pass == MatchPass.REFERENCE:
        return False
    activation = next(a for a in found.life.truth.activations() if a.id == entry.activation_id)
    return activation.service_code == rental.service_code and entry.amount <= activation.price


def _told(entry: Entry) -> str:
    return f"{entry.type} {entry.id} of {entry.amount} ({entry.description})"
