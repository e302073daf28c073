"""The workers' own timer: while Redis is away, the rows are still the queue.

Each worker looks every second whether Redis answers. While it does not, and until all have surely
found it again, the worker for `now` sweeps and the worker for `poll` ticks by itself, straight
from PostgreSQL, with a few threads.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import structlog
from celery import bootsteps
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from redis import Redis, RedisError

log = structlog.get_logger(__name__)

EVERY = 1.0  # seconds
AFTERWARDS = 35.0  # seconds: workers and beat wait up to 30 between two tries to reconnect
THREADS = 16
DRAIN = 6.0  # seconds for conversations with providers, when the worker is asked to stop


class Standby(bootsteps.StartStopStep):
    """Runs beside a Celery worker for as long as the worker runs."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.stopping = threading.Event()
        self.under_way: set[tuple[Any, ...]] = set()
        self.pool: ThreadPoolExecutor | None = None

    def start(self, worker: Any) -> None:
        queues = set(worker.app.amqp.queues.consume_from)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="standby")
        threading.Thread(target=self._watch, args=(queues,), name="standby", daemon=True).start()

    def stop(self, worker: Any) -> None:
        from rentals.workers.background import background

        self.stopping.set()
        background.drain(DRAIN)
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)

    def _watch(self, queues: set[str]) -> None:
        redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
        until = 0.0
        while not self.stopping.wait(EVERY):
            try:
                redis.ping()
            except (RedisError, OSError):
                until = monotonic() + AFTERWARDS
            if monotonic() < until:
                self._look(queues)

    def _look(self, queues: set[str]) -> None:
        from rentals.operations import polling, sweep

        try:
            if "now" in queues:
                sweep(timezone.now(), self._do)
            if "poll" in queues:
                for account_id in polling.accounts_with_due_polls(timezone.now()):
                    self._do("rentals.poll_account", account_id)
        except Exception:
            log.exception("standby_failed")
        finally:
            close_old_connections()

    def _do(self, name: str, *args: Any) -> None:
        """Have a thread do the work, once at a time for a row. Other work's rows wait for Redis."""
        from rentals.tasks import WORK

        work = (name, *args)
        if self.pool is None or self.stopping.is_set() or work in self.under_way:
            return
        if name not in WORK:
            return
        self.under_way.add(work)
        self.pool.submit(self._run, work)

    def _run(self, work: tuple[Any, ...]) -> None:
        from rentals.tasks import WORK

        try:
            WORK[work[0]](*work[1:])
        except Exception:
            log.exception("standby_work_failed", task=work[0])
        finally:
            self.under_way.discard(work)
            close_old_connections()
