"""The same world as the other pages'."""

from tests.pages.conftest import world

__all__ = ["world"]
