"""Faults in what is paid back. Amounts are in thousandths."""

from dataclasses import dataclass

from sandbox.faults.base import Fault


@dataclass(frozen=True, kw_only=True)
class RefundFault(Fault):
    """Changes what a cancel pays back."""

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        """Thousandths to pay of `price`, with `left_ms` of `ttl_ms` unused."""
        raise TypeError(f"{type(self).__name__} does not say what it does.")


@dataclass(frozen=True, kw_only=True)
class NoRefund(RefundFault):
    title = "A cancel is confirmed and refunds nothing"

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        return 0


@dataclass(frozen=True, kw_only=True)
class ProRataRefund(RefundFault):
    title = "A cancel refunds the unused part of the time, rounded down to the cent"

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        return price * left_ms // ttl_ms // 10 * 10


@dataclass(frozen=True, kw_only=True)
class ShortRefund(RefundFault):
    title = "A cancel refunds this percentage of the price (over 100 pays too much)"
    percent: int = 80

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        return price * self.percent // 100 // 10 * 10


@dataclass(frozen=True, kw_only=True)
class LateRefund(Fault):
    title = "A cancel's refund is paid after this many seconds"
    seconds: int = 600


@dataclass(frozen=True, kw_only=True)
class ExpiryRefund(Fault):
    title = "A rental that expires without an SMS is refunded after this many seconds"
    seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class DoubleRefund(Fault):
    title = "A cancel's refund is paid a second time, so many seconds after the first"
    seconds: int = 60
