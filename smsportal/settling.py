"""A web process, before its first page."""

import gc
from importlib import import_module

from django.conf import settings


def settle() -> None:
    """Load the pages' code, and leave all that is loaded out of every later garbage collection.

    It stays until the process ends, and a full collection that looks through it holds up the page
    that it falls on: by as long as the page itself takes.
    """
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
