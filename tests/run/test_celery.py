"""How workers run beside the rest."""

import os

import pytest

from smsportal.celery import COURTESY
from tests import processes

pytestmark = pytest.mark.processes


def test_a_worker_leaves_the_processor_to_the_web_server(fresh_database: str) -> None:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with processes.worker(processes.environment(), "now") as worker:
        niceness = os.getpriority(os.PRIO_PROCESS, worker.popen.pid)
        assert niceness == min(19, usual + COURTESY)
