"""What of this application is sealed, for the keyring's rotation and for doctor."""

from collections.abc import Iterator

from accounts.operations.resealing import Sealed, sealed
from alerts.models import Endpoint


def of_endpoints() -> Iterator[Sealed]:
    for endpoint in Endpoint.objects.order_by("pk"):
        yield sealed(endpoint, "secret_sealed", endpoint.place("secret_sealed"))
        if endpoint.previous_sealed is not None:
            yield sealed(endpoint, "previous_sealed", endpoint.place("previous_sealed"))
