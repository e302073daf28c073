"""The live lane, `GET /live/<team slug>`: event streams that say which rental changed."""

from rentals.live.app import Live

__all__ = ["Live", "live"]

live = Live()
