"""What can go wrong on a wire, told as the decision that a caller must make.

    ProviderError
    ├── Refused       definitely not done; asking again unchanged gets the same answer
    ├── Throttled     not done; ask again after `retry_after` seconds
    ├── BadKey        not done; the key is unknown, revoked or missing
    ├── Unavailable   a read (or a repeatable write) that failed: safe to ask again
    └── Ambiguous     a rent whose outcome is unknown: never ask again

The text of an error is safe to log and to show: it holds no key, phone number, code or message.
"""


class ProviderError(Exception):
    """A call that did not give what was asked for. `status` is the HTTP status, if any came."""

    def __init__(self, detail: str, *, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class Refused(ProviderError):
    """A documented 4xx with a JSON body, or the connection was never made."""


class NotFound(Refused):
    """A 404 with a JSON body: the provider does not know the activation (any more)."""


class Throttled(ProviderError):
    """429. `retry_after` is in seconds, None where the provider named no figure."""

    def __init__(
        self, detail: str, *, retry_after: float | None = None, status: int | None = 429
    ) -> None:
        super().__init__(detail, status=status)
        self.retry_after = retry_after


class BadKey(ProviderError):
    """401: the provider does not accept the key."""


class Unavailable(ProviderError):
    """No usable answer to something that may be asked again."""


class Ambiguous(ProviderError):
    """A rent that may or may not have been charged."""
