"""Who gets into a team, how, and that a team keeps an admin."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import operations
from accounts.models import AuditEvent, Invitation, Membership, Team, User
from accounts.operations.errors import (
    AlreadyMember,
    InvitationGone,
    LastAdmin,
    NotInvited,
    NotPossible,
    PasswordTooWeak,
)
from accounts.operations.invitations import find_invitation
from accounts.states import Role
from tests.accounts.making import PASSWORD, make_member, make_team, make_user

NOW = timezone.now()


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


@pytest.fixture
def admin(db: None) -> Membership:
    return make_member(make_team(), Role.ADMIN)


@pytest.mark.django_db
def test_a_team_gets_a_slug_of_its_own_and_its_founder_every_role() -> None:
    founder = make_user()
    slugs = [operations.create_team(name="Growth QA", founder=founder).slug for _ in range(3)]
    assert slugs == ["growth-qa", "growth-qa-2", "growth-qa-3"]
    assert operations.create_team(name="日本").slug == "team"
    assert founder.memberships.get(team__slug="growth-qa").roles == ["member", "finance", "admin"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_team_needs_a_name(name: str) -> None:
    with pytest.raises(NotPossible):
        operations.create_team(name=name)
    assert not Team.objects.exists()


def test_an_invited_person_comes_in_once(admin: Membership) -> None:
    invitation, token = operations.invite(
        team=admin.team, email="New@Example.org", roles=[Role.FINANCE], actor=admin.user, now=NOW
    )
    assert token.encode() not in bytes(invitation.token_hash)
    membership = operations.accept_as_new_user(token=token, name="Nia", password=PASSWORD, now=NOW)
    assert membership.user.email == "new@example.org"
    assert membership.user.check_password(PASSWORD)
    assert membership.roles == [Role.FINANCE]
    with pytest.raises(InvitationGone):
        operations.accept_invitation(token=token, user=membership.user, now=NOW)
    assert actions() == ["invitation.created", "invitation.accepted", "member.added"]


def test_a_known_user_accepts_and_keeps_their_password(admin: Membership) -> None:
    known = make_user("known@example.org")
    _, token = operations.invite(
        team=admin.team, email="KNOWN@example.org", roles=[Role.MEMBER], actor=admin.user, now=NOW
    )
    with pytest.raises(NotPossible):
        operations.accept_as_new_user(token=token, name="", password="other-pass-9", now=NOW)
    assert operations.accept_invitation(token=token, user=known, now=NOW).user == known
    known.refresh_from_db()
    assert known.check_password(PASSWORD)


def test_an_invitation_is_for_its_address_alone(admin: Membership) -> None:
    _, token = operations.invite(
        team=admin.team, email="a@example.org", roles=[Role.ADMIN], actor=admin.user, now=NOW
    )
    stranger = make_user("b@example.org")
    with pytest.raises(NotInvited):
        operations.accept_invitation(token=token, user=stranger, now=NOW)
    assert not stranger.memberships.exists()
    assert find_invitation(token=token, now=NOW)


def test_an_invitation_ends_after_seven_days(admin: Membership) -> None:
    _, token = operations.invite(
        team=admin.team, email="a@example.org", roles=[Role.MEMBER], actor=admin.user, now=NOW
    )
    week = timedelta(days=7)
    assert find_invitation(token=token, now=NOW + week - timedelta(seconds=1))
    with pytest.raises(InvitationGone):
        operations.accept_as_new_user(token=token, name="", password=PASSWORD, now=NOW + week)
    assert not User.objects.filter(email="a@example.org").exists()


def test_a_revoked_or_replaced_invitation_is_gone(admin: Membership) -> None:
    team, who = admin.team, "a@example.org"
    roles = [Role.MEMBER]
    _, first = operations.invite(team=team, email=who, roles=roles, actor=admin.user, now=NOW)
    second, token = operations.invite(team=team, email=who, roles=roles, actor=admin.user, now=NOW)
    with pytest.raises(InvitationGone):
        find_invitation(token=first, now=NOW)
    operations.revoke_invitation(invitation=second, actor=admin.user, now=NOW)
    with pytest.raises(InvitationGone):
        find_invitation(token=token, now=NOW)
    with pytest.raises(InvitationGone):
        operations.revoke_invitation(invitation=second, actor=admin.user, now=NOW)


def test_a_weak_password_leaves_the_invitation_open(admin: Membership) -> None:
    _, token = operations.invite(
        team=admin.team, email="a@example.org", roles=[Role.MEMBER], actor=admin.user, now=NOW
    )
    with pytest.raises(PasswordTooWeak):
        operations.accept_as_new_user(token=token, name="", password="12345678", now=NOW)
    assert find_invitation(token=token, now=NOW)
    assert not User.objects.filter(email="a@example.org").exists()


def test_members_are_not_invited_again(admin: Membership) -> None:
    with pytest.raises(AlreadyMember):
        operations.invite(
            team=admin.team,
            email=admin.user.email.upper(),
            roles=[Role.MEMBER],
            actor=admin.user,
            now=NOW,
        )
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("roles", [[], ["owner"], ["admin", "owner"]])
def test_unknown_or_no_roles_are_refused(admin: Membership, roles: list[Role]) -> None:
    with pytest.raises(NotPossible):
        operations.change_roles(membership=admin, roles=roles, actor=None)
    admin.refresh_from_db()
    assert admin.roles == [Role.ADMIN]
    assert not actions()


def test_the_last_admin_stays(admin: Membership) -> None:
    make_member(admin.team, Role.MEMBER)
    asleep = make_member(admin.team, Role.ADMIN)
    User.objects.filter(pk=asleep.user_id).update(is_active=False)
    with pytest.raises(LastAdmin):
        operations.remove_member(membership=admin, actor=admin.user)
    with pytest.raises(LastAdmin):
        operations.change_roles(membership=admin, roles=[Role.MEMBER], actor=admin.user)
    admin.refresh_from_db()
    assert admin.roles == [Role.ADMIN]
    assert not actions()


def test_roles_change_and_members_leave_with_a_trail(admin: Membership) -> None:
    other = make_member(admin.team, Role.MEMBER)
    operations.change_roles(membership=other, roles=[Role.ADMIN, Role.FINANCE], actor=admin.user)
    operations.change_roles(
        membership=other, roles=[Role.FINANCE, Role.ADMIN], actor=admin.user
    )  # the same: nothing to tell
    operations.remove_member(membership=other, actor=admin.user)
    assert actions() == ["member.roles_changed", "member.removed"]
    changed = AuditEvent.objects.order_by("pk").first()
    assert changed is not None
    assert changed.before == {"roles": ["member"]}
    assert changed.after["roles"] == ["finance", "admin"]
    with pytest.raises(NotPossible):
        operations.remove_member(membership=Membership(pk=other.pk, team=admin.team), actor=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["remove", "demote"])
def test_two_admins_cannot_oust_each_other_at_once(way: str) -> None:
    team = make_team()
    admins = [make_member(team, Role.ADMIN) for _ in range(6)]

    def oust(membership: Membership) -> bool:
        try:
            if way == "remove":
                operations.remove_member(membership=membership, actor=None)
            else:
                operations.change_roles(membership=membership, roles=[Role.MEMBER], actor=None)
        except LastAdmin:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(oust, admins)) == [False, *[True] * 5]
    assert team.memberships.filter(roles__contains=[Role.ADMIN]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_link_followed_twice_at_once_makes_one_member() -> None:
    admin = make_member(make_team(), Role.ADMIN)
    _, token = operations.invite(
        team=admin.team, email="a@example.org", roles=[Role.MEMBER], actor=admin.user, now=NOW
    )

    def accept(_: int) -> bool:
        try:
            operations.accept_as_new_user(token=token, name="", password=PASSWORD, now=NOW)
        except NotPossible:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(accept, range(4))) == [False, False, False, True]
    assert admin.team.memberships.count() == 2


def test_team_settings_are_kept_and_told_once(admin: Membership) -> None:
    wanted: dict[str, Any] = {
        "name": " Growth ",
        "time_zone": "Europe/Berlin",
        "shares_board": True,
        "auto_cancel": True,
    }
    for _ in range(2):
        operations.change_settings(team=admin.team, actor=admin.user, now=NOW, **wanted)
    team = Team.objects.get()
    assert (team.name, team.time_zone, team.shares_board) == ("Growth", "Europe/Berlin", True)
    assert actions() == ["team.settings_changed"]
    with pytest.raises(NotPossible):
        operations.change_settings(
            team=team, actor=None, now=NOW, **wanted | {"time_zone": "Mars/Base"}
        )
