"""The Celery application. Its messages are nudges: every task finds its work in the rows."""

import os
from typing import Any, Final

from celery import Celery
from celery.signals import worker_init
from kombu.transport.redis import Channel, Transport

from rentals.workers.standby import Standby

COURTESY: Final = 5  # steps of niceness

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsportal.settings")


class PatientChannel(Channel):
    """A worker gives nothing back of what it has not begun: the rows are the queue. It would try to
    while Redis is away, and end of it, and the rents that are on their way to a provider with it.
    Of acknowledging what had come by a connection that was lost since it would end as well."""

    do_restore = False

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        if not self.closed:
            super().basic_ack(delivery_tag, multiple=multiple)  # type: ignore[no-untyped-call]


Transport.Channel = PatientChannel

app = Celery("smsportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["accounts", "ledger", "rentals", "alerts"])
app.steps["worker"].add(Standby)


@worker_init.connect  # type: ignore[untyped-decorator]
def _let_the_web_server_first(**_: Any) -> None:
    """Where both want the processor, webhooks are answered before stored ones are applied."""
    os.nice(COURTESY)
