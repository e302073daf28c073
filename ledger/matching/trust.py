"""Whether the number in a wallet's descriptions means anything, learned from sure matches alone.

A number is only a candidate: it may be the activation, a count of the provider's own, or nothing.
It is trusted once it has agreed with enough matches that were proved without it.
"""

from dataclasses import dataclass
from typing import Final

from ledger.matching.tables import LAST, look_up, look_up_pairs

ENOUGH: Final = 10
LATEST: Final = 2_000  # matches that are looked back upon
STRAYS: Final = 10  # one of so many that disagrees is likelier a stray row than another meaning

_NUMBER: Final = "coalesce(substring(split_part({}.description, '#', 2) FROM '^\\s*(\\d+)'), '')"
_PROVED: Final = """
    SELECT m.row_id, m.transfer_id FROM ledger_match m JOIN ledger_statementrow r ON r.id = m.row_id
    WHERE r.wallet_id = %(wallet)s AND r.kind = ANY(%(kinds)s) AND m.undone_at IS NULL
        AND m.by_pass IN ('unique', 'person') AND m.id <= %(until)s
    ORDER BY m.id DESC LIMIT %(latest)s
"""
_ACTIVATIONS: Final = f"""
    SELECT count(*) FILTER (WHERE said.number = t.external_id), count(*)
    FROM ({_PROVED}) proved
    JOIN ledger_statementrow r ON r.id = proved.row_id
    CROSS JOIN LATERAL (SELECT {_NUMBER.format("r")} AS number) said
    JOIN ledger_transfer t ON t.id = proved.transfer_id
    WHERE said.number <> '' AND t.external_id <> ''
"""  # noqa: S608 - our own words
_PAIRED_ACTIVATIONS: Final = """
    SELECT count(*) FILTER (WHERE r.number = i.external), count(*)
    FROM match_pair p
    JOIN match_row r ON r.id = p.row_id
    JOIN match_item i ON i.id = p.item_id AND i.what = p.what
    WHERE p.by_pass = 'unique' AND r.number <> '' AND i.external <> ''
"""
# The purchase of the same rental, and the number on its own row.
_PURCHASE: Final = f"""
    LATERAL (
        SELECT {_NUMBER.format("bought")} AS number
        FROM ledger_transfer t
        JOIN ledger_match m ON m.transfer_id = t.id AND m.undone_at IS NULL
        JOIN ledger_statementrow bought ON bought.id = m.row_id AND bought.kind = 'purchase'
        WHERE t.wallet_id = %(wallet)s AND t.reference = {{}} AND t.kind = 'purchase'
        LIMIT 1
    ) purchase
"""  # noqa: S608
_LINKS: Final = f"""
    SELECT count(*) FILTER (WHERE said.number = purchase.number), count(*)
    FROM ({_PROVED}) proved
    JOIN ledger_statementrow r ON r.id = proved.row_id
    CROSS JOIN LATERAL (SELECT {_NUMBER.format("r")} AS number) said
    JOIN ledger_transfer landed ON landed.id = proved.transfer_id
    CROSS JOIN {_PURCHASE.format("landed.reference")}
    WHERE said.number <> '' AND purchase.number <> ''
"""  # noqa: S608
_PAIRED_LINKS: Final = f"""
    SELECT count(*) FILTER (WHERE r.number = purchase.number), count(*)
    FROM (SELECT * FROM match_pair WHERE by_pass = 'unique' LIMIT {LATEST}) p
    JOIN match_row r ON r.id = p.row_id
    JOIN match_item i ON i.id = p.item_id AND i.what = p.what
    CROSS JOIN {_PURCHASE.format("i.reference")}
    WHERE r.number <> '' AND purchase.number <> ''
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Trust:
    agreed: int
    compared: int

    @property
    def disagreed(self) -> int:
        return self.compared - self.agreed

    @property
    def is_earned(self) -> bool:
        return self.agreed >= ENOUGH and not self.disagreed

    @property
    def is_refuted(self) -> bool:
        """The number is something else."""
        return self.disagreed * STRAYS > self.agreed

    @property
    def doubts_strays(self) -> bool:
        """It agreed so often that the few that disagree are for a person to look at."""
        return self.agreed >= ENOUGH and not self.is_refuted

    def __add__(self, other: "Trust") -> "Trust":
        return Trust(self.agreed + other.agreed, self.compared + other.compared)


def in_activations(wallet_id: int, kinds: list[str], *, until: int = LAST) -> Trust:
    """How often the number was the activation, by the matches up to `until`."""
    values = {"wallet": wallet_id, "kinds": kinds, "latest": LATEST, "until": until}
    return Trust(*look_up(_ACTIVATIONS, values)[0])


def in_paired_activations() -> Trust:
    """The same of the unique pairs that were just found."""
    return Trust(*look_up_pairs(_PAIRED_ACTIVATIONS)[0])


def in_links(wallet_id: int, *, until: int = LAST) -> Trust:
    """How often a refund's number was the one of its purchase's row."""
    values = {"wallet": wallet_id, "kinds": ["refund"], "latest": LATEST, "until": until}
    return Trust(*look_up(_LINKS, values)[0])


def in_paired_links(wallet_id: int) -> Trust:
    return Trust(*look_up_pairs(_PAIRED_LINKS, {"wallet": wallet_id})[0])
