"""A member at a browser without JavaScript, and one who only looks and believes nothing."""

import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from tests.trust import TRUST

if TYPE_CHECKING:
    from tests.chaos.stage import Stage

PATIENCE = 60.0
PAUSE = 0.25
PART = re.compile(r"<(article|tr)\b.*?</\1>", re.S)
STATE = re.compile(r"badge--([a-z_]+)")
TAG = re.compile(r"\br\d{4}\b")
CODE = re.compile(r'data-copy="(\d+)"[^>]*data-copy-code')
KEY = re.compile(r'name="request_key" value="([^"]+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Browser:
    """Sends the portal's own forms, and again for as long as no page says what came of one."""

    def __init__(self, member: Membership, port: int) -> None:
        signed_in = Client()
        signed_in.force_login(member.user)
        self._cookies = {name: morsel.value for name, morsel in signed_in.cookies.items()}
        self._team = member.team.slug
        self._port = port

    def get(self, name: str, **kwargs: object) -> httpx.Response:
        """A page. Raises httpx.TransportError where nobody answers."""
        with self._client() as client:
            return client.get(self._path(name, **kwargs))

    def is_answered(self) -> bool:
        with suppress(httpx.TransportError):
            return self.get("board").is_success
        return False

    def rent(self, offer: int, tag: str) -> None:
        """Rent what can be told by `tag` on the pages and by the provider."""
        fields = {"offer": str(offer), "carrier": tag, "purpose": tag}
        self._send(self._path("rental_create"), fields)

    def cancel(self, rental: int) -> None:
        self._send(self._path("rental_cancel", rental=rental), {})

    def finish(self, rental: int) -> None:
        self._send(self._path("rental_finish", rental=rental), {})

    def _send(self, path: str, fields: dict[str, str]) -> None:
        """The form as it was rendered once, until a page answers it."""
        deadline = time.monotonic() + PATIENCE
        hidden: dict[str, str] = {}
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError), self._client() as client:
                hidden = hidden or _hidden(client, self._path("board"))
                client.cookies.set("csrftoken", hidden["csrftoken"])
                said = client.post(path, data=hidden | fields)
                if said.status_code < 500:
                    return
            time.sleep(PAUSE)
        raise RuntimeError(f"nobody answered the form for {path}")

    def _client(self) -> httpx.Client:
        base = f"http://localhost:{self._port}"
        return httpx.Client(
            base_url=base, cookies=self._cookies, timeout=15, verify=TRUST, trust_env=False
        )

    def _path(self, name: str, **kwargs: object) -> str:
        return reverse(name, kwargs={"team": self._team, **kwargs})


def _hidden(client: httpx.Client, path: str) -> dict[str, str]:
    page = client.get(path)
    key, token = KEY.search(page.text), TOKEN.search(page.text)
    if key is None or token is None:
        raise httpx.ReadError("an error page instead of the board")
    return {
        "request_key": key[1],
        "csrfmiddlewaretoken": token[1],
        "csrftoken": client.cookies["csrftoken"],
    }


@dataclass(frozen=True)
class Shown:
    """A rental as a page shows it."""

    tag: str
    state: str
    words: str
    codes: frozenset[str]


def shown(page: str) -> list[Shown]:
    """The rentals of a board or a history."""
    found = []
    for part in PART.finditer(page):
        tag, state = TAG.search(part[0]), STATE.search(part[0])
        if tag and state:
            words = " ".join(re.sub(r"<[^>]+>", " ", part[0]).split())
            found.append(Shown(tag[0], state[1], words, frozenset(CODE.findall(part[0]))))
    return found


class Onlooker:
    """Reads the board and the history all the time, and compares them with the provider's books.

    A context. Whatever the pages claim must be so at the provider by then: that a rental is
    cancelled, refunded or was not charged, and every code.
    """

    def __init__(self, stage: "Stage") -> None:
        self.pages = 0
        self.errors = 0
        self.lies: dict[str, None] = {}  # in order, each once
        self._stage = stage
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> "Onlooker":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._stopping.wait(PAUSE):
            for name in ("board", "rental_list"):
                with suppress(httpx.TransportError):
                    self._read(self._stage.browser.get(name))

    def _read(self, page: httpx.Response) -> None:
        self.pages += 1
        if not page.is_success:
            self.errors += 1
            return
        for each in shown(page.text):
            self.lies |= dict.fromkeys(self._lies(each))

    def _lies(self, it: Shown) -> list[str]:
        stage, lies = self._stage, []
        activation = stage.activation_of(it.tag)
        if it.state == "cancelled" and (activation is None or activation.state != "canceled"):
            lies.append(f"{it.tag} is shown as cancelled, and is not")
        if it.state == "refused" and activation is not None:
            lies.append(f"{it.tag} is shown as refused, and was charged")
        if it.state == "in_doubt" and "may have been charged" not in it.words:
            lies.append(f"{it.tag} is in doubt, and the page does not say so")
        if ("refunded" in it.words or "given back" in it.words) and not self._came_back(it.tag):
            lies.append(f"{it.tag} is shown as refunded, and is not")
        held = {m.code for m in stage.messages(activation)} if activation else set()
        if "not confirmed" not in it.words and not it.codes <= held:
            lies.append(f"{it.tag} is shown with a code that never came")
        return lies

    def _came_back(self, tag: str) -> bool:
        activation = self._stage.activation_of(tag)
        if activation is None:
            return False
        entries = self._stage.sandbox.wallets.entries(activation.wallet_id)
        return any(e.type == "refund" and e.activation_id == activation.id for e in entries)
