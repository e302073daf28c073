"""A worker that is killed at any moment: no mail goes twice, and nothing is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.nudges import nudge
from accounts.states import Role
from alerts.models import Letter
from alerts.operations.mailing import due_readers
from alerts.states import How
from tests import processes
from tests.alerts.making import hold, limit, look
from tests.alerts.postoffice import post_office
from tests.factories import make_member, make_provider_account, make_team
from tests.waiting import until

pytestmark = [pytest.mark.processes]


def low_wallet() -> Membership:
    finance = make_member(make_team(), Role.FINANCE)
    account = make_provider_account(finance.team, "smsgig")
    limit(account, low="5")
    hold(account, "4")
    return finance


def test_killed_while_the_mail_server_has_the_mail(fresh_database: str) -> None:
    finance = low_wallet()
    with post_office() as office:
        office.fault = "hang"
        environment = processes.environment(EMAIL_URL=office.url)
        with processes.worker(environment, "bulk") as worker:
            look()  # opens it, and tells the workers after the commit
            assert office.taken.wait(30), worker.output()
            worker.kill()
        office.fault = ""
        office.go_on.set()
        letter = Letter.objects.get()
        assert letter.handed_at is not None
        assert letter.sent_at is None
        later = timezone.now() + timedelta(minutes=5)
        assert due_readers(now=later) == []  # it may have gone
        letter.refresh_from_db()
        assert letter.how == How.DIGEST
        with processes.worker(environment, "bulk"):
            Letter.objects.update(due_at=timezone.now())
            nudge("alerts.send_letters", finance.pk)
            until(lambda: len(office.mails) == 2, "the digest is sent")
        assert office.mails[1]["Subject"].endswith("Daily digest of alerts")


def test_killed_before_it_was_handed_over(fresh_database: str) -> None:
    """The alert was opened by a worker that died before it told anybody."""
    finance = low_wallet()
    look()
    Letter.objects.update(taken_until=timezone.now() - timedelta(seconds=1), tries=1)
    assert due_readers(now=timezone.now()) == [finance.pk]
    with post_office() as office:
        with processes.worker(processes.environment(EMAIL_URL=office.url), "bulk"):
            nudge("alerts.send_due", queue="bulk")
            until(lambda: Letter.objects.filter(sent_at__isnull=False).exists(), "it is sent")
        assert len(office.to(finance.user.email)) == 1
