"""Who is in a team, and with which roles. A team never loses its last admin."""

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.announcements import revoke
from accounts.models import Membership, Team, User
from accounts.operations.errors import LastAdmin, NotPossible, PasswordTooWeak
from accounts.pages.languages import LANGUAGES
from accounts.pages.zones import zone_names
from accounts.states import Role, Signal
from accounts.verified import vouch_for_email


def create_user(*, email: str, password: str | None, name: str = "") -> User:
    """Make a user whose e-mail address somebody vouches for; None: no password works yet.

    Call it inside a transaction. Raises NotPossible for an address that is none or is taken,
    PasswordTooWeak for a password that the installation does not allow.
    """
    draft = User(email=email.strip().lower(), name=name.strip())
    if password is not None:
        try:
            validate_password(password, draft)
        except ValidationError as error:
            raise PasswordTooWeak(" ".join(error.messages)) from error
    try:
        with transaction.atomic():
            user = User.objects.create_user(draft.email, password, name=draft.name)
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise NotPossible(_("Somebody signs in with this e-mail address already.")) from error
    vouch_for_email(user)
    return user


def add_member(
    *, team: Team, email: str, roles: Iterable[Role], password: str | None, actor: User | None
) -> tuple[Membership, bool]:
    """Put a person into a team, or give a member these roles too; make the user where needed.

    Returns the membership, and whether the user was made now. `password` is for a new user: one
    who has signed in before keeps their own. Raises NotPossible.
    """
    wanted = ordered(roles)
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email.strip()).first()
        made = user is None
        if user is None:
            user = create_user(email=email, password=password)
        locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        membership = Membership.objects.filter(team=locked, user=user).first()
        if membership is None:
            membership = join(team=locked, user=user, roles=wanted, actor=actor)
        else:
            _set_roles(membership, ordered([*membership.roles, *wanted]), actor)
    return membership, made


def join(*, team: Team, user: User, roles: list[Role], actor: User | None) -> Membership:
    """Write a new membership, inside the caller's transaction."""
    membership = Membership.objects.create(team=team, user=user, roles=roles)
    audit.record(
        team=team,
        actor=actor,
        action=Action.MEMBER_ADDED,
        object=membership,
        after={"email": user.email, "roles": roles},
    )
    return membership


def change_roles(*, membership: Membership, roles: Iterable[Role], actor: User | None) -> None:
    """Set a member's roles. Raises LastAdmin, NotPossible."""
    wanted = ordered(roles)
    with transaction.atomic():
        locked = _lock(membership)
        if Role.ADMIN not in wanted:
            _keep_an_admin(locked)
        _set_roles(locked, wanted, actor)


def remove_member(*, membership: Membership, actor: User | None) -> None:
    """Take somebody out of a team; what they rented stays. Raises LastAdmin, NotPossible."""
    with transaction.atomic():
        locked = _lock(membership)
        _keep_an_admin(locked)
        audit.record(
            team=locked.team,
            actor=actor,
            action=Action.MEMBER_REMOVED,
            object=locked,
            before={"email": locked.user.email, "roles": locked.roles},
        )
        locked.delete()
        _check_streams(locked)


def change_profile(*, user: User, name: str, language: str, time_zone: str, hotkeys: bool) -> None:
    """What a person decides for themselves; "" is the browser's language, and the team's time
    zone. Raises NotPossible."""
    if language and language not in LANGUAGES:
        raise NotPossible(_("Choose one of the languages in the list."))
    if time_zone and time_zone not in zone_names():
        raise NotPossible(_("Choose one of the time zones in the list."))
    if len(name.strip()) > 100 or not name.isprintable():
        raise NotPossible(_("A name has at most 100 characters."))
    User.objects.filter(pk=user.pk).update(
        name=name.strip(), language=language, time_zone=time_zone, hotkeys=hotkeys
    )


def change_signals(*, user: User, signals: Iterable[str]) -> None:
    """How a person is told of a code beyond the page. Raises NotPossible for an unknown way."""
    wanted = set(signals)
    if not wanted <= set(Signal.values):
        raise NotPossible(_("Choose among the ways in the list."))
    User.objects.filter(pk=user.pk).update(signals=[each for each in Signal if each in wanted])


def ordered(roles: Iterable[str]) -> list[Role]:
    """The roles in their own order, each once. Raises NotPossible for none or an unknown one."""
    wanted = set(roles)
    if not wanted or not wanted <= set(Role.values):
        raise NotPossible(_("Choose at least one role."))
    return [role for role in Role if role in wanted]


def _lock(membership: Membership) -> Membership:
    """Lock the team first, so that two admins can't remove each other at once.

    Without its key: whoever rents has locked the membership, and refers to the team in the end.
    """
    Team.objects.select_for_update(no_key=True).get(pk=membership.team_id)
    rows = Membership.objects.select_for_update(of=("self",)).select_related("team", "user")
    found = rows.filter(pk=membership.pk).first()
    if found is None:
        raise NotPossible(_("This person is not in the team any more."))
    return found


def _keep_an_admin(leaving: Membership) -> None:
    if Role.ADMIN not in leaving.roles:
        return
    others = Membership.objects.filter(
        team=leaving.team_id, roles__contains=[Role.ADMIN], user__is_active=True
    ).exclude(pk=leaving.pk)
    if not others.exists():
        raise LastAdmin(_("A team needs an admin. Make somebody else one first."))


def _set_roles(membership: Membership, wanted: list[Role], actor: User | None) -> None:
    before = list(membership.roles)
    if set(before) == set(wanted):
        return
    membership.roles = wanted
    membership.save(update_fields=["roles"])
    audit.record(
        team=membership.team,
        actor=actor,
        action=Action.ROLES_CHANGED,
        object=membership,
        before={"roles": before},
        after={"email": membership.user.email, "roles": wanted},
    )
    _check_streams(membership)


def _check_streams(membership: Membership) -> None:
    team, user = membership.team_id, membership.user_id
    transaction.on_commit(lambda: revoke(team_id=team, user_id=user))
