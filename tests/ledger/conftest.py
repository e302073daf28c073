"""The ledger beside rentals of a sandbox: the fixtures of the rentals' own tests."""

from tests.rentals.conftest import committed, each, sandbox, scene, shared_sandbox, times

__all__ = ["committed", "each", "sandbox", "scene", "shared_sandbox", "times"]
