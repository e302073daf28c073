"""An account with an address, rentals that wait, and webhooks for them as a provider sends them."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from benchmarks.ground import ground

ground()  # sets Django up, which the imports below need

from django.utils import timezone  # noqa: E402

from accounts.models import Membership, ProviderAccount, ProviderKey, Team, User  # noqa: E402
from accounts.secrets.hook_tokens import set_token  # noqa: E402
from accounts.secrets.sealing import fingerprint, hook_token_place, key_place, seal, unseal  # noqa: E402
from accounts.states import Role  # noqa: E402
from providers.registry import provider  # noqa: E402
from rentals.models import Rental  # noqa: E402
from rentals.states import RentalState  # noqa: E402

TTL = 3600
SERVICE = "whatsapp"


@dataclass
class Scene:
    """A team with a member and one SMSGig account, whose webhooks are signed."""

    membership: Membership
    account: ProviderAccount
    key: str
    last: int = 0  # the number of the newest message

    @cached_property
    def path(self) -> str:
        token = unseal(self.account.hook_token_sealed, place=hook_token_place(self.account))
        return f"/hooks/{self.account.provider}/{token}"

    def request(self, activation: int) -> bytes:
        """A whole HTTP request with a new message for an activation."""
        return request(self.path, self.body(activation), self.key)

    def body(self, activation: int) -> bytes:
        number = self.last = self.last + 1
        code = f"{number % 1_000_000:06d}"
        document = {
            "activation_id": activation,
            "message_id": f"msg_{number:012d}",
            "service": SERVICE,
            "code": code,
            "text": f"Your WhatsApp code is {code}",
            "received_at": f"2026-05-18T14:{number // 60 % 60:02d}:{number % 60:02d}.000000Z",
        }
        return json.dumps(document).encode()

    def rentals(self, count: int, *, start: int) -> list[Rental]:
        """Rentals that wait for an SMS, with activation ids from `start` on."""
        now = timezone.now()
        return Rental.objects.bulk_create(
            Rental(
                team=self.membership.team,
                member=self.membership.user,
                account=self.account,
                service_code=SERVICE,
                service_name="WhatsApp",
                state=RentalState.WAITING,
                currency=self.account.currency,
                price=1,
                charged=1,
                activation_id=str(start + number),
                phone_raw=f"1202555{100 + number % 100:04d}",
                phone_e164=f"+1202555{100 + number % 100:04d}",
                ttl=TTL,
                requested_at=now,
                day=now.date(),
                sent_at=now,
                started_at=now,
                expires_at=now + timedelta(seconds=TTL),
                next_poll_at=now + timedelta(seconds=TTL),
            )
            for number in range(count)
        )


def request(path: str, body: bytes, key: str) -> bytes:
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-SMSGig-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def make_scene() -> Scene:
    name = f"bench-{secrets.token_hex(4)}"
    team = Team.objects.create(name=name, slug=name)
    user = User.objects.create_user(f"{name}@example.com")
    membership = Membership.objects.create(team=team, user=user, roles=[Role.MEMBER, Role.ADMIN])
    account = ProviderAccount(
        team=team, provider="smsgig", label=name, currency=provider("smsgig").currency
    )
    set_token(account)
    account.save()
    key = secrets.token_hex(16)
    row = ProviderKey(account=account, last_four=key[-4:])
    row.sealed = seal(key, place=key_place(row))
    row.fingerprint = fingerprint(key, account.provider)
    row.save()
    return Scene(membership, account, key)
