"""The webhook lane, `POST /hooks/<provider>/<token>`: stored first, then answered."""

from rentals.hooks.app import Hooks

__all__ = ["Hooks", "hooks"]

hooks = Hooks()
