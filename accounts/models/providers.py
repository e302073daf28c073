"""Provider accounts: one wallet each, its sealed keys, and the requests made with them."""

import uuid
from datetime import datetime

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.teams import Team
from accounts.states import KeyState, Lane, Verdict


class ProviderAccount(models.Model):
    """A team's account (one wallet) at a provider. Archived, never deleted, once it was used."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="provider_accounts")
    provider = models.CharField(_("provider"), max_length=20)  # a code of providers.registry
    label = models.CharField(_("label"), max_length=60)
    server_prefix = models.CharField(_("server prefix"), max_length=10, blank=True)
    currency = models.CharField(max_length=3)
    # The webhook's path token: found by its hash, shown again to admins by opening the seal.
    hook_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hook_token_hash = models.BinaryField(max_length=32, unique=True)
    hook_token_sealed = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    # What the provider last told us about the key and its patience.
    key_refused_at = models.DateTimeField(null=True, blank=True)
    throttled_until = models.DateTimeField(null=True, blank=True)
    throttles = models.PositiveSmallIntegerField(default=0)  # 429s without a success since
    # The last balance read. The book of every cent is not kept here.
    balance = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    balance_read_at = models.DateTimeField(null=True, blank=True)
    # Not kept: when the balance just read was true, by the provider's clock, where it says so.
    balance_dated: datetime | None = None
    catalogue_read_at = models.DateTimeField(null=True, blank=True)
    catalogue_problem = models.CharField(max_length=200, blank=True)
    last_hook_at = models.DateTimeField(null=True, blank=True)
    # One poll task at a time: a lease with a fencing token.
    poll_lease_until = models.DateTimeField(null=True, blank=True)
    poll_fence = models.BigIntegerField(default=0)
    # Counts the requests that were reserved while Redis was away: a Redis that does not know
    # this number has not seen them, and starts again from the rows.
    budget_epoch = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "label"], name="provider_account_label_once_a_team"
            )
        ]

    def __str__(self) -> str:
        return self.label


class ProviderKey(models.Model):
    """An API key, sealed to this row's id. Keys of a wallet replace each other, newest current."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="keys")
    state = models.CharField(max_length=10, choices=KeyState, default=KeyState.CURRENT)
    sealed = models.BinaryField()
    fingerprint = models.BinaryField(max_length=32)  # keyed HMAC: tells equal keys, opens nothing
    last_four = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)  # when it stopped being current

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state=KeyState.CURRENT),
                name="one_current_key_an_account",
            ),
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=~models.Q(state=KeyState.RETIRED),
                name="one_account_a_wallet",
            ),
        ]

    def __str__(self) -> str:
        return f"…{self.last_four}"


class RequestCount(models.Model):
    """Requests made in one minute: the truth from which a lost Redis starts again."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="+")
    minute = models.DateTimeField()
    lane = models.CharField(max_length=10, choices=Lane)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "minute", "lane"], name="one_count_a_minute_and_lane"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.minute:%H:%M} {self.lane}: {self.count}"


class SentRequest(models.Model):
    """A request that went to a provider and what came of it; kept for a week.

    It names no activation, and holds no key, number, text or code. Polls of a turn that were
    answered are one row together (`count`), with the milliseconds that they took on average; what
    went wrong stands alone.
    """

    # Unchecked: a line of a log waits for nobody who has locked the account's row.
    account = models.ForeignKey(
        ProviderAccount,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField()  # when it was sent
    lane = models.CharField(max_length=10, choices=Lane)
    call = models.CharField(max_length=20)  # a name of providers.calls
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=200)  # below the provider's address, without its query
    status = models.PositiveSmallIntegerField(null=True)  # null: no answer came
    verdict = models.CharField(max_length=12, choices=Verdict)
    detail = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()  # of the answers' bodies, unpacked
    count = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at", "id"], name="request_by_time"),
            models.Index(fields=["account", "lane", "at", "id"], name="request_by_lane"),
            models.Index(
                fields=["account", "at", "id"],
                condition=~models.Q(verdict=Verdict.DONE),
                name="request_failed",
            ),
            BrinIndex(fields=["at"], name="request_age"),  # for what is too old
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.verdict}"
