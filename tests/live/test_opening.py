"""Who gets a stream."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from accounts.models import User
from accounts.states import Role
from tests.hooks.serving import Web
from tests.live.making import make_person, make_team, sign_in
from tests.live.stream import Stream

pytestmark = pytest.mark.processes


def _status(web: Web, slug: str, cookie: str) -> int:
    with Stream(web, slug, cookie) as stream:
        return stream.status


@pytest.mark.parametrize("role", list(Role))
def test_every_member_has_one(web: Web, role: Role) -> None:
    team = make_team()
    person = make_person((team, role))
    with Stream(web, team.slug, person.cookie) as stream:
        stream.opened()
        head = stream.head.lower()
    assert b"content-type: text/event-stream" in head
    assert b"cache-control: no-store" in head
    assert b"x-accel-buffering: no" in head


def test_whoever_is_not_signed_in_has_none(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    assert _status(web, team.slug, "") == 401
    for key in ("", "x", "0" * 32, "'", "\xe9", "a" * 5000, f"{person.session.session_key}a"):
        assert _status(web, team.slug, f"sessionid={key}") == 401
    assert _status(web, team.slug, f"session={person.session.session_key}") == 401
    person.session.flush()
    assert _status(web, team.slug, person.cookie) == 401


def test_a_session_that_is_over_opens_nothing(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    over = sign_in(person.user, expires_in=timedelta(seconds=-1))
    assert _status(web, team.slug, f"sessionid={over.session_key}") == 401
    User.objects.update(is_active=False)
    assert _status(web, team.slug, person.cookie) == 401


def test_a_session_from_before_a_new_password_opens_nothing(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    person.user.set_password("another long password")
    person.user.save()
    assert _status(web, team.slug, person.cookie) == 401
    assert person.session.exists(person.session.session_key or ""), "it is not ours to remove"


def test_a_strangers_team_is_as_if_it_were_not(web: Web) -> None:
    stranger = make_person((make_team(), Role.ADMIN))
    with httpx.Client(base_url=web.base, headers={"Cookie": stranger.cookie}) as client:
        theirs, nobodys = (client.get(f"/live/{slug}") for slug in (make_team().slug, "nobodys"))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_streams_are_only_read(web: Web, method: str) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    answer = httpx.request(
        method, f"{web.base}/live/{team.slug}", headers={"Cookie": person.cookie}
    )
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("slug", ["", "a/b", "a%00b", "%0A", "ü", "x" * 61])
def test_what_no_slug_can_be_is_not_found(web: Web, slug: str) -> None:
    person = make_person((make_team(), Role.ADMIN))
    with httpx.Client(headers={"Cookie": person.cookie}) as client:
        assert client.get(f"{web.base}/live/{slug}").status_code == 404


def test_a_user_has_twenty_at_most(web: Web) -> None:
    team = make_team()
    person, other = make_person((team, Role.ADMIN)), make_person((team, Role.ADMIN))
    streams = [Stream(web, team.slug, person.cookie).opened() for _ in range(20)]
    answer = httpx.get(f"{web.base}/live/{team.slug}", headers={"Cookie": person.cookie})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    streams.append(Stream(web, team.slug, other.cookie).opened())
    streams[0].wire.close()
    streams[0] = _reopened(web, team.slug, person.cookie)
    for stream in streams:
        stream.wire.close()


def _reopened(web: Web, slug: str, cookie: str) -> Stream:
    deadline = timezone.now() + timedelta(seconds=5)
    while True:
        stream = Stream(web, slug, cookie)
        if stream.status == 200 or timezone.now() > deadline:
            return stream.opened()
        stream.wire.close()
