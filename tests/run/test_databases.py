"""The tests' own footing: a test that commits leaves nothing for the next one."""

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone


def _write() -> None:
    Session.objects.create(session_key="k", session_data="", expire_date=timezone.now())


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_a_committed_row_is_gone_in_the_next_test(turn: int) -> None:
    assert not Session.objects.exists(), turn
    _write()


@pytest.mark.parametrize("turn", [1, 2])
def test_other_processes_see_what_was_committed(turn: int, fresh_database: str) -> None:
    _write()
    with psycopg.connect(fresh_database) as other:
        found = other.execute("SELECT count(*) FROM django_session").fetchone()
    assert found == (1,), turn


@pytest.mark.django_db
def test_a_rolled_back_test_starts_empty_too() -> None:
    assert not Session.objects.exists()
