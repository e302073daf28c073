"""Whatever is sent to the lane gets an answer of its own: never a 500, never a lie."""

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rentals.hooks import Hooks
from tests.hooks.asgi import call
from tests.hooks.making import Made, make_account, signed, smsgig_body

FIELDS = [
    *("activation_id", "activationId", "id", "message_id", "messageId", "service", "code"),
    *("text", "received_at", "receivedAt", "data", "rental"),
]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10561661),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), values).map(
    lambda document: json.dumps(document).encode()
)
bodies = (
    st.binary(max_size=300)
    | documents
    | st.builds(lambda key, value: smsgig_body(**{key: value}), st.sampled_from(FIELDS), values)
)
parts = st.lists(st.binary(max_size=40), min_size=1, max_size=5)
paths = st.text(max_size=80).map(lambda tail: f"/hooks/{tail}")
headers = st.lists(
    st.tuples(
        st.sampled_from([b"content-length", b"x-smsgig-signature", b"content-type"]),
        st.binary(max_size=80),
    ),
    max_size=3,
)


@pytest.fixture
def lane(fresh_database: str) -> Iterator[tuple[asyncio.Runner, Hooks, Made, psycopg.Connection]]:
    made = make_account("smsgig")
    app = Hooks()
    with asyncio.Runner() as runner, psycopg.connect(fresh_database, autocommit=True) as database:
        yield runner, app, made, database
        runner.run(app.stop())


type Lane = tuple[asyncio.Runner, Hooks, Made, psycopg.Connection]


def _count(database: psycopg.Connection) -> int:
    found = database.execute("SELECT count(*) FROM rentals_inboxentry").fetchone()
    assert found is not None
    return int(found[0])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=bodies, cuts=st.lists(st.integers(0, 300), max_size=3))
def test_any_signed_body(lane: Lane, body: bytes, cuts: list[int]) -> None:
    runner, app, made, database = lane
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[a:b] for a, b in pairwise(edges)]
    signature = [(k.lower().encode(), v.encode()) for k, v in signed(body, made.key).items()]
    before = _count(database)
    status, content = runner.run(call(app, made.path, pieces, signature))
    assert status in (200, 400), content
    again, _ = runner.run(call(app, made.path, [body], signature))
    assert again == status
    found = database.execute("SELECT count(*) FROM rentals_inboxentry WHERE body = %s", [body])
    assert found.fetchone() == (int(status == 200),)
    assert _count(database) in (before, before + 1)
    if status == 400:
        assert _count(database) == before
        assert body not in content or len(body) < 20


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=paths, pieces=parts, more=headers, known=st.booleans())
def test_anything_unsigned(
    lane: Lane, path: str, pieces: list[bytes], more: list[tuple[bytes, bytes]], known: bool
) -> None:
    runner, app, made, database = lane
    status, _ = runner.run(call(app, made.path if known else path, pieces, more))
    assert status in ((401, 413) if known else (404, 413))
    assert _count(database) == 0
