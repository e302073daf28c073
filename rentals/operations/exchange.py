"""One repeatable exchange with a provider about a rental: asked, kept, judged."""

from datetime import timedelta

from django.utils import timezone

from accounts import gateway
from accounts.states import Lane
from providers.calls import Call
from providers.errors import BadKey
from providers.provider import Provider
from providers.registry import provider
from rentals.models import Rental
from rentals.operations.answers import Judged, Verdict, keep

LONGEST_PAUSE = 30.0  # seconds between two tries


def wire(rental: Rental) -> Provider:
    return provider(rental.account.provider, rental.account.server_prefix)


def converse[T](rental: Rental, call: Call[T]) -> Judged[T]:
    """Ask for `rental` and keep the answer; what can't be asked now is UNAVAILABLE."""
    asked_at = timezone.now()
    try:
        reply = gateway.send(rental.account, call, lane=Lane.CONTROL, now=asked_at)
    except gateway.OverBudget as error:
        return Judged(
            Verdict.THROTTLED,
            None,
            "Our share of the provider’s limits is used up.",
            error.retry_after,
        )
    except (gateway.NoKey, BadKey) as error:
        return Judged(Verdict.BAD_KEY, None, str(error))
    return keep(rental, call, reply, asked_at=asked_at, now=timezone.now())[1]


def try_later[T](rental: Rental, judged: Judged[T]) -> None:
    """Come back to the cancel or finish: after what the provider named, else ever more slowly."""
    pause = judged.retry_after or min(LONGEST_PAUSE, 2.0 ** min(rental.control_tries, 10))
    Rental.objects.filter(pk=rental.pk, control_at__isnull=False).update(
        control_at=timezone.now() + timedelta(seconds=pause)
    )
