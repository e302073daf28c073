"""What a change of a wallet's balance can have been. Pure: no Django, no clock, no database."""

from ledger.explaining.items import (
    Ambiguous,
    Explained,
    Item,
    Part,
    Result,
    Unexplained,
)
from ledger.explaining.judging import Judgement, judge, prove
from ledger.explaining.rule import FullRefund, Observation, ProRata, RefundRule, Share, learn
from ledger.explaining.search import explain

__all__ = [
    "Ambiguous",
    "Explained",
    "FullRefund",
    "Item",
    "Judgement",
    "Observation",
    "Part",
    "ProRata",
    "RefundRule",
    "Result",
    "Share",
    "Unexplained",
    "explain",
    "judge",
    "learn",
    "prove",
]
