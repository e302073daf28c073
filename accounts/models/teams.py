"""Teams, and who is in them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User
from accounts.states import Role


class Team(models.Model):
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(unique=True, max_length=60)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    # What totals over several currencies are told in.
    reporting_currency = models.CharField(_("reporting currency"), max_length=3, default="USD")
    shares_board = models.BooleanField(
        _("members see each other’s rentals and codes"), default=False
    )
    auto_cancel = models.BooleanField(_("cancel a rental before it ends empty"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When its first steps (a key, people, a number) were through or put away; until then the
    # board leads its admins. The second is skipped where the team is one person for now.
    first_steps_over_at = models.DateTimeField(null=True, blank=True)
    invites_later = models.BooleanField(default=False)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="teams"
    )

    def __str__(self) -> str:
        return self.name

    def admins(self) -> list[User]:
        """Whom to ask for what only admins do, those first who were there first."""
        holding = self.memberships.filter(roles__contains=[Role.ADMIN], user__is_active=True)
        return [each.user for each in holding.select_related("user").order_by("pk")]


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=10, choices=Role), verbose_name=_("roles"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_a_team"),
            models.CheckConstraint(
                condition=models.Q(roles__len__gte=1) & models.Q(roles__contained_by=Role.values),
                name="membership_has_known_roles",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    def has(self, *roles: Role) -> bool:
        """Whether this membership holds at least one of `roles`."""
        return any(role in self.roles for role in roles)
