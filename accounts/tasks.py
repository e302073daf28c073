"""What workers do for this application."""

from celery import shared_task
from django.utils import timezone

from accounts import operations, password_mail, request_log
from accounts.budget import forget_counts
from accounts.operations.saved_views import forget_deleted_views


@shared_task(name="accounts.forget_request_counts", queue="bulk")
def forget_request_counts() -> None:
    """Delete the request counts that no window reaches any more."""
    forget_counts(now=timezone.now())


@shared_task(name="accounts.forget_requests", queue="bulk")
def forget_requests() -> None:
    """Delete the log of the requests that were sent more than a week ago."""
    request_log.forget(now=timezone.now())


@shared_task(name="accounts.forget_answers", queue="bulk")
def forget_answers() -> None:
    """Delete the answers to what was asked on the console."""
    operations.forget_answers(now=timezone.now())


@shared_task(name="accounts.forget_views", queue="bulk")
def forget_views() -> None:
    """Delete the saved views for good that were deleted a while ago."""
    forget_deleted_views(now=timezone.now())


@shared_task(name=password_mail.TASK, autoretry_for=(OSError,), retry_backoff=60, max_retries=5)
def mail_password_link(user_id: int) -> None:
    """Send somebody the link with which they choose a new password; tried for half an hour."""
    password_mail.mail_link(user_id)
