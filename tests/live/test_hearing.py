"""Who is told what: no id reaches somebody who may not see its rental."""

import threading

import pytest
from django.http import HttpRequest

from accounts.allauth import AccountAdapter
from accounts.announcements import alerts_changed, announce, revoke, wallets_read
from accounts.models import Membership
from accounts.states import Role
from tests.hooks.serving import Web
from tests.live.making import change, make_person, make_team, sign_in
from tests.live.stream import ALERTS, SYNC, WALLETS, Stream

pytestmark = pytest.mark.processes


def test_each_hears_of_what_they_may_see(web: Web) -> None:
    team, other_team = make_team(), make_team()
    member, colleague = make_person((team, Role.MEMBER)), make_person((team, Role.MEMBER))
    admin, finance = make_person((team, Role.ADMIN)), make_person((team, Role.FINANCE))
    stranger = make_person((other_team, Role.ADMIN))
    both = make_person((team, Role.MEMBER), (other_team, Role.ADMIN))
    people = [(p, team) for p in (member, colleague, admin, finance, both)]
    people += [(stranger, other_team), (both, other_team)]
    streams = [Stream(web, of.slug, person.cookie).opened() for person, of in people]
    change(team, member, 1)
    change(team, colleague, 2)
    change(team, both, 3)
    change(other_team, both, 4)
    change(other_team, stranger, 5)
    # One more for each, so that whatever was to come before has come.
    for person, of in people:
        change(of, person, 9)
    for stream in streams:
        stream.hears(9)
    heard = [{event for event in stream.events if event not in (9, SYNC)} for stream in streams]
    assert heard == [{1}, {2}, {1, 2, 3}, {1, 2, 3}, {3}, {4, 5}, {4, 5}]
    for stream in streams:
        stream.wire.close()


def test_a_balance_that_was_read_is_told_to_the_team_alone(web: Web) -> None:
    team, other_team = make_team(), make_team()
    member, finance = make_person((team, Role.MEMBER)), make_person((team, Role.FINANCE))
    stranger = make_person((other_team, Role.ADMIN))
    with (
        Stream(web, team.slug, member.cookie) as one,
        Stream(web, team.slug, finance.cookie) as another,
        Stream(web, other_team.slug, stranger.cookie) as elsewhere,
    ):
        one.opened(), another.opened(), elsewhere.opened()
        wallets_read(team.pk)
        one.hears(WALLETS)
        another.hears(WALLETS)
        change(other_team, stranger, 9)
        elsewhere.hears(9)
        assert WALLETS not in elsewhere.events


def test_that_alerts_changed_is_told_to_the_team_alone(web: Web) -> None:
    team, other_team = make_team(), make_team()
    member, stranger = make_person((team, Role.MEMBER)), make_person((other_team, Role.ADMIN))
    with (
        Stream(web, team.slug, member.cookie) as one,
        Stream(web, other_team.slug, stranger.cookie) as elsewhere,
    ):
        one.opened(), elsewhere.opened()
        alerts_changed(team.pk)
        one.hears(ALERTS)
        change(other_team, stranger, 9)
        elsewhere.hears(9)
        assert ALERTS not in elsewhere.events


def test_on_a_shared_board_members_hear_of_each_others(web: Web) -> None:
    team = make_team(shares_board=True)
    member, colleague = make_person((team, Role.MEMBER)), make_person((team, Role.MEMBER))
    with Stream(web, team.slug, member.cookie) as stream:
        stream.opened()
        change(team, colleague, 7)
        stream.hears(7)


def test_who_is_removed_hears_no_more(web: Web) -> None:
    team = make_team()
    removed, stays = make_person((team, Role.ADMIN)), make_person((team, Role.ADMIN))
    with (
        Stream(web, team.slug, removed.cookie) as theirs,
        Stream(web, team.slug, stays.cookie) as other,
    ):
        theirs.opened(), other.opened()
        Membership.objects.filter(user=removed.user).delete()
        revoke(team_id=team.pk, user_id=removed.user.pk)
        change(team, stays, 5)
        theirs.ends()
        assert theirs.events == [SYNC]
        other.hears(5)


def test_a_changed_sharing_changes_what_is_heard(web: Web) -> None:
    team = make_team(shares_board=True)
    member, colleague = make_person((team, Role.MEMBER)), make_person((team, Role.MEMBER))
    with Stream(web, team.slug, member.cookie) as stream:
        stream.opened()
        for shares in (False, True):
            team.shares_board = shares
            team.save()
            revoke(team_id=team.pk)
            stream.hears(SYNC)
            change(team, colleague, 10 + shares)
            change(team, member, 20 + shares)
            stream.hears(20 + shares)
    assert 10 not in stream.events
    assert 11 in stream.events


def test_a_session_that_ends_ends_its_streams_alone(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    again = f"sessionid={sign_in(person.user).session_key}"
    with Stream(web, team.slug, person.cookie) as first, Stream(web, team.slug, again) as second:
        first.opened(), second.opened()
        person.session.delete()
        revoke(user_id=person.user.pk)
        first.ends()
        second.hears(SYNC)
        change(team, person, 3)
        second.hears(3)


def test_signing_out_ends_the_streams_of_the_session(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    request = HttpRequest()
    request.session, request.user = person.session, person.user
    with Stream(web, team.slug, person.cookie) as stream:
        stream.opened()
        AccountAdapter().logout(request)
        stream.ends()


def test_a_new_password_ends_the_streams_from_before(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    with Stream(web, team.slug, person.cookie) as stream:
        stream.opened()
        AccountAdapter().set_password(person.user, "another long password")
        stream.ends()


def test_what_makes_no_sense_on_a_channel_is_passed_over(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    with Stream(web, team.slug, person.cookie) as stream:
        stream.opened()
        nonsense = ["", "x", "1\n\nevent: evil", "[]", "{}", '{"team": 1}', "null", "1e9", "\xff"]
        for text in nonsense:
            announce({f"team:{team.pk}": text})
            announce({"control": text})
        change(team, person, 4)
        stream.hears(4)
    assert stream.events == [SYNC, 4]


def test_nothing_is_missed_between_the_first_sync_and_the_first_event(web: Web) -> None:
    """Each stream reads the state at its sync; every later change must reach it."""
    team = make_team()
    person = make_person((team, Role.ADMIN))
    done = 0
    stop = threading.Event()

    def publish() -> None:
        nonlocal done
        while not stop.is_set():
            done += 1
            change(team, person, done)

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        for _ in range(15):
            with Stream(web, team.slug, person.cookie) as stream:
                stream.opened()
                seen = done
                stream.hears(seen + 30)
                assert set(range(seen + 1, seen + 31)) <= set(stream.events)
    finally:
        stop.set()
        publisher.join()
