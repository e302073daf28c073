"""Structured logs on standard error. Tracebacks never dump local variables: they hold keys."""

import logging
import re
import time
from typing import Any

import structlog
from structlog.typing import Processor


class Sparingly(logging.Filter):
    """Lets each message of a logger pass once a minute, its first line and no traceback.

    For what repeats itself every second while Redis is away. `whatever_it_says`: one of all that a
    logger says, where strangers choose the words.
    """

    PAUSE = 60.0  # seconds

    def __init__(self, *, whatever_it_says: bool = False) -> None:
        super().__init__()
        self._whatever_it_says = whatever_it_says
        self._passed: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, said = time.monotonic(), record.name if self._whatever_it_says else str(record.msg)
        if now - self._passed.get(said, -self.PAUSE) < self.PAUSE:
            return False
        self._passed[said] = now
        record.msg, record.args = record.getMessage().partition("\n")[0], None
        record.exc_info = record.exc_text = None
        return True


class WithoutTokens(logging.Filter):
    """Masks the secrets that addresses hold: whoever reads a log must not get in with one."""

    TOKENS = re.compile(
        r"(/(?:invitations|reset/key|confirm-email|budgets/answer|hooks/[a-z0-9_-]+)/)[^/\s\"']+"
    )

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            said = record.getMessage()
            masked = self.TOKENS.sub(r"\1…", said)
            if masked != said:
                record.msg, record.args = masked, None
        return True


def logging_config(*, debug: bool) -> dict[str, Any]:
    """Return a `logging.config.dictConfig` dictionary, and set structlog up to go with it."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
                "foreign_pre_chain": shared,
            }
        },
        "filters": {
            "sparingly": {"()": Sparingly},
            "one_of_all": {"()": Sparingly, "whatever_it_says": True},
            "without_tokens": {"()": WithoutTokens},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "plain",
                "filters": ["without_tokens"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "DEBUG" if debug else "INFO"},
        "loggers": {
            "httpx": {"level": "WARNING"},  # its lines name whole addresses
            "httpcore": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},  # a line for each tick would drown the rest
            "celery.beat": {"level": "WARNING", "filters": ["sparingly"]},
            "celery.worker.strategy": {"level": "WARNING"},
            # Whoever scans asks for thousands of hosts, each with a traceback.
            "django.security.DisallowedHost": {"filters": ["one_of_all"]},
        },
    }
