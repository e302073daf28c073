"""What a change of a wallet's balance can have been. Pure: no Django, no clock, no database."""

from ledger.explaining.items import (
    Ambiguous,
    Explained,
    Item,
    Part,
    Result,
    Unexplained,
)
from ledger.explaining.judging import Judgement, judge, known, prove
from ledger.explaining.learning import Lesson, Owed, Seen, is_outdated, learn_from_steps
from ledger.explaining.rule import (
    FullRefund,
    Observation,
    ProRata,
    RefundRule,
    Share,
    agrees,
    learn,
)
from ledger.explaining.search import TooMany, explain
from ledger.explaining.steps import Dated, Step, follow, unbooked

__all__ = [
    "Ambiguous",
    "Dated",
    "Explained",
    "FullRefund",
    "Item",
    "Judgement",
    "Lesson",
    "Observation",
    "Owed",
    "Part",
    "ProRata",
    "RefundRule",
    "Result",
    "Seen",
    "Share",
    "Step",
    "TooMany",
    "Unexplained",
    "agrees",
    "explain",
    "follow",
    "is_outdated",
    "judge",
    "known",
    "learn",
    "learn_from_steps",
    "prove",
    "unbooked",
]
