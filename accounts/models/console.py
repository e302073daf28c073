"""What an admin asked a provider by hand, kept for as long as it takes to read the answer."""

from datetime import timedelta
from typing import Final

from django.db import models

from accounts.models.providers import ProviderAccount
from accounts.models.users import User
from accounts.states import Verdict

KEPT_FOR: Final = timedelta(minutes=15)


class ConsoleRequest(models.Model):
    """A request of the console, and its answer. The id is the form's, so that it is sent once.

    The answer may hold numbers, texts and codes, so it is sealed, for `KEPT_FOR`, and is shown to
    whoever sent the request alone.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    title = models.CharField(max_length=60)  # the document's, of the call
    curl = models.TextField()  # with a variable in place of the key
    asked = models.JSONField(default=dict)  # its parameters, by the document's names
    answered_at = models.DateTimeField(null=True)
    sealed = models.BinaryField(null=True)  # the reply, by providers.exchange
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True)
    detail = models.CharField(max_length=500, blank=True)  # why it was not sent or not done

    class Meta:
        indexes = [models.Index(fields=["at"], name="console_age")]

    def __str__(self) -> str:
        return f"{self.title} at {self.at:%F %T}"
