"""A purge that is killed in the middle of a batch leaves whole rows, and the next one goes on."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from rentals import tasks
from rentals.models import InboxEntry, Message, Policy
from rentals.states import RentalState
from tests import processes
from tests.factories import make_member, make_message, make_provider_account, make_rental, make_team
from tests.waiting import until

WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%inboxentry%'
"""


@pytest.mark.processes
def test_kill_9_in_the_middle_of_a_batch(fresh_database: str, settings: Settings) -> None:
    member = make_member(make_team())
    Policy.objects.create(team=member.team, keep_days=1)
    account = make_provider_account(member.team)
    long_ago = timezone.now() - timedelta(days=2)
    for number in range(3):
        rental = make_rental(member, account, RentalState.FINISHED, at=long_ago)
        make_message(rental, "482913", seen_at=long_ago)
        InboxEntry.objects.create(
            account=account,
            body=b"code 482913",
            body_sha256=bytes([number]) * 32,
            activation_id=rental.activation_id,
            received_at=long_ago,
            applied_at=long_ago,
        )
    program = (
        "import django; django.setup();"
        "from django.utils import timezone; from rentals.operations import purge_due;"
        "purge_due(now=timezone.now())"
    )
    environment = processes.environment(DJANGO_SETTINGS_MODULE="smsportal.settings")
    with psycopg.connect(fresh_database, autocommit=True) as server:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE rentals_inboxentry IN SHARE MODE")  # no row can be written
            with processes.python("-c", program, environment=environment, name="purge") as process:
                process.until(lambda: _waiting(server), "it has a batch of webhooks in its hands")
                (pid,) = _waiting(server)
                process.kill()
        until(lambda: pid not in _connected(server), "its connection is gone")
    assert not Message.objects.exclude(code="", text="").exists()  # batches before are done
    assert InboxEntry.objects.filter(body=b"code 482913", purged_at=None).count() == 3
    assert settings.CELERY_BEAT_SCHEDULE["purge"]["task"] == tasks.purge.name
    tasks.purge()
    assert InboxEntry.objects.filter(body=b"", purged_at__isnull=False).count() == 3


def _waiting(server: psycopg.Connection) -> list[int]:
    return [pid for (pid,) in server.execute(WAITING)]


def _connected(server: psycopg.Connection) -> list[int]:
    return [pid for (pid,) in server.execute("SELECT pid FROM pg_stat_activity")]
