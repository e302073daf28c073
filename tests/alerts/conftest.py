"""A team with somebody in each role, and an account at each provider."""

from tests.mail_server import rested
from tests.pages.conftest import world

__all__ = ["rested", "world"]
