"""The project: settings, addresses of pages, entry points, embedded services, supervisor."""

from smsportal.celery import app as celery_app

__all__ = ["celery_app"]
