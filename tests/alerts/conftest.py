"""A team with somebody in each role, and an account at each provider."""

from tests.pages.conftest import world

__all__ = ["world"]
