"""Webhooks over real HTTP: what is stored, and what is answered when."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from accounts.models import ProviderKey
from accounts.states import KeyState
from rentals.models import InboxEntry
from tests.hooks.making import make_account, signed, smsgig_body, smsvilla_body
from tests.hooks.serving import Web
from tests.waiting import until

pytestmark = pytest.mark.processes


def test_a_signed_webhook_is_stored_as_it_came(client: httpx.Client) -> None:
    made = make_account("smsgig")
    body = smsgig_body()
    answer = client.post(made.path, content=body, headers=signed(body, made.key))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    entry = InboxEntry.objects.get()
    assert bytes(entry.body) == body
    assert bytes(entry.body_sha256) == hashlib.sha256(body).digest()
    assert entry.account_id == made.account.pk
    assert entry.activation_id == "10561661"
    assert entry.genuine is True
    assert abs(timezone.now() - entry.received_at) < timedelta(seconds=10)
    assert entry.applied_at is None
    assert entry.outcome == ""


def test_an_unsigned_providers_webhook_is_neither_genuine_nor_forged(client: httpx.Client) -> None:
    made = make_account("smsvilla")
    answer = client.post(made.path, content=smsvilla_body())
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert InboxEntry.objects.get().genuine is None


def test_a_repeated_body_is_acknowledged_again_and_stored_once(client: httpx.Client) -> None:
    made = make_account("smsvilla")
    body = smsvilla_body()
    assert [client.post(made.path, content=body).status_code for _ in range(3)] == [200] * 3
    assert InboxEntry.objects.count() == 1


def test_the_same_body_for_two_accounts_is_two_entries(client: httpx.Client) -> None:
    body = smsvilla_body()
    for made in (make_account("smsvilla"), make_account("smsvilla")):
        assert client.post(made.path, content=body).status_code == 200
    assert InboxEntry.objects.count() == 2


def test_an_archived_account_still_takes_webhooks(client: httpx.Client) -> None:
    made = make_account("smsvilla")
    made.account.archived_at = timezone.now()
    made.account.save()
    assert client.post(made.path, content=smsvilla_body()).status_code == 200
    assert InboxEntry.objects.count() == 1


def test_the_key_before_verifies_for_a_day_after_rotation(client: httpx.Client) -> None:
    made = make_account("smsgig")
    before = made.key
    body = smsgig_body()
    assert client.post(made.path, content=body, headers=signed(body, before)).is_success
    made.rotate_key()
    for key in (made.key, before):  # the new one first, so that the keys are read again
        body = smsgig_body()
        assert client.post(made.path, content=body, headers=signed(body, key)).is_success
    ProviderKey.objects.filter(account=made.account, state=KeyState.PREVIOUS).update(
        retired_at=timezone.now() - timedelta(days=1, seconds=1)
    )
    stored = InboxEntry.objects.count()

    def refused() -> bool:
        body = smsgig_body()
        return client.post(made.path, content=body, headers=signed(body, before)).status_code == 401

    until(refused, "the key of a day ago is forgotten", 6)
    stored = InboxEntry.objects.count()
    assert refused()
    assert InboxEntry.objects.count() == stored


def test_a_new_key_is_known_at_its_first_signature(client: httpx.Client) -> None:
    made = make_account("smsgig")
    body = smsgig_body()
    assert client.post(made.path, content=body, headers=signed(body, made.key)).is_success
    made.rotate_key()
    body = smsgig_body()
    assert client.post(made.path, content=body, headers=signed(body, made.key)).is_success


def test_a_new_address_works_at_once_and_the_old_one_ends(client: httpx.Client) -> None:
    made = make_account("smsvilla")
    old = made.path
    assert client.post(old, content=smsvilla_body()).status_code == 200
    made.rotate_address()
    assert client.post(made.path, content=smsvilla_body()).status_code == 200
    until(
        lambda: client.post(old, content=smsvilla_body()).status_code == 404, "the old one ends", 6
    )


def test_many_at_once_are_all_stored_and_each_once(web: Web, client: httpx.Client) -> None:
    made = make_account("smsvilla")
    bodies = [smsvilla_body(messageId=n % 100 + 1) for n in range(400)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda body: client.post(made.path, content=body).status_code, bodies)
        )
    assert answers == [200] * len(bodies)
    stored = {bytes(body) for body in InboxEntry.objects.values_list("body", flat=True)}
    assert stored == set(bodies)
    assert InboxEntry.objects.count() == 100


def test_no_token_key_or_code_reaches_the_log(web: Web, client: httpx.Client) -> None:
    made = make_account("smsgig")
    body = smsgig_body(code="987654", text="the code is 987654")
    good = client.post(made.path, content=body, headers=signed(body, made.key))
    forged = client.post(made.path, content=body + b" ", headers=signed(body, made.key))
    assert (good.status_code, forged.status_code) == (200, 401)
    web.process.until_said("signature is wrong")
    for secret in (made.path, made.path.rpartition("/")[2], made.key, "987654", "10561661"):
        assert secret not in web.process.output()
