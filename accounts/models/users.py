"""People who sign in, by e-mail."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.states import Signal


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=(username or "").strip())

    def names(self, ids: Iterable[int]) -> list[tuple[int, str]]:
        """What pages call these people, each with their id, in order: a filter has hundreds, and
        an object for each of them would cost more than the query."""
        people = self.filter(pk__in=set(ids)).order_by("name", "email")
        rows = people.values_list("pk", "name", "email")
        return [(pk, name or email) for pk, name, email in rows]


class User(AbstractBaseUser):
    """A person. What they may do is said by their memberships, never here."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    # "": the one that the browser asks for
    language = models.CharField(_("language"), max_length=10, blank=True)
    # They are in the way of whoever speaks to their computer.
    hotkeys = models.BooleanField(_("single-key shortcuts"), default=True)
    signals = ArrayField(
        models.CharField(max_length=10, choices=Signal),
        default=list,
        blank=True,
        verbose_name=_("when a code comes"),
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case")]

    def __str__(self) -> str:
        return self.name or self.email
