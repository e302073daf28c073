"""The first steps of a team are put away, shown again, or taken without inviting anybody."""

from datetime import datetime

from accounts.models import Team


def end_first_steps(*, team: Team, now: datetime) -> None:
    """Lead nobody any more; what is over already stays over since then."""
    Team.objects.filter(pk=team.pk, first_steps_over_at__isnull=True).update(
        first_steps_over_at=now
    )


def show_first_steps(*, team: Team) -> None:
    """Lead the team's admins again, through all that is still to do."""
    Team.objects.filter(pk=team.pk).update(first_steps_over_at=None, invites_later=False)


def invite_later(*, team: Team) -> None:
    """Go on to the next step without having invited anybody."""
    Team.objects.filter(pk=team.pk).update(invites_later=True)
