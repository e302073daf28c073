"""The Celery application. Its messages are nudges: every task finds its work in the rows."""

import os

from celery import Celery

from rentals.standby import Standby

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsportal.settings")

app = Celery("smsportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["accounts", "ledger", "rentals", "alerts"])
app.steps["worker"].add(Standby)
