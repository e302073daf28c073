"""What must not be stored: the right status, a reason in JSON, and nothing else."""

import json

import httpx
import pytest

from accounts.models import ProviderAccount
from rentals.models import InboxEntry
from tests.hooks.making import make_account, signed, smsgig_body, smsvilla_body
from tests.hooks.malformed import Case, cases

pytestmark = pytest.mark.processes


def _status(client: httpx.Client, case: Case) -> int:
    answer = client.request(
        case.method,
        case.path,
        content=case.body,
        headers=[(k.encode(), v.encode("latin-1")) for k, v in case.headers.items()],
    )
    if case.method != "HEAD":
        assert json.loads(answer.content)["message"], case.name
    if answer.status_code == 405:
        assert answer.headers["allow"] == "POST"
    return answer.status_code


def test_each_gets_the_right_status_and_nothing_is_stored(client: httpx.Client) -> None:
    gig, villa = make_account("smsgig"), make_account("smsvilla")
    wrong = list(cases(gig, villa))
    assert len(wrong) > 50
    got = {case.name: (_status(client, case), InboxEntry.objects.count()) for case in wrong}
    assert got == {case.name: (case.status, 0) for case in wrong}
    assert not ProviderAccount.objects.filter(last_hook_at__isnull=False).exists()
    body = smsgig_body()
    assert client.post(gig.path, content=body, headers=signed(body, gig.key)).status_code == 200
    assert client.post(villa.path, content=smsvilla_body()).status_code == 200


def test_odd_but_readable_ones_are_taken(client: httpx.Client) -> None:
    villa = make_account("smsvilla")
    odd = {
        "id as a string": smsvilla_body(activationId="123456"),
        "snake case": smsvilla_body(activation_id=123456),
        "no message id": smsvilla_body(messageId=None),
        "a NUL in the text": smsvilla_body(text="code\x00 543210"),
        "a lone surrogate in the text": smsvilla_body(text="\ud83d 543210"),
        "an unknown field": smsvilla_body(balance=-1),
        "unknown activation": smsvilla_body(activationId=999_999_999),
        "not a byte too large": smsvilla_body(text="x" * 60_000),
        "a byte order mark": b"\xef\xbb\xbf" + smsvilla_body(),
    }
    got = {name: client.post(villa.path, content=body).status_code for name, body in odd.items()}
    assert got == dict.fromkeys(odd, 200)
    assert InboxEntry.objects.count() == len(odd)
