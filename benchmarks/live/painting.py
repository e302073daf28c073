"""From a webhook's sending to the code on the screen of a real Chromium."""

import os
import random
import socket
import time
from collections.abc import Iterator

from playwright.sync_api import Page

from benchmarks.figures import Figure
from benchmarks.ground import until, web, worker
from benchmarks.hooks.scene import Scene, make_scene
from benchmarks.hooks.sending import Sent
from benchmarks.live.people import sign_in
from rentals.models import InboxEntry
from tests.browser.chromium import chromium

RENTALS = 60
WARMING = 10
FIRST = 40_000_000
# When a code's button is first on a frame that was painted, in milliseconds since 1970.
WATCH = """
window.painted = {};
window.whenPainted = async (code) => {
  while (!window.painted[code]) await new Promise((resolve) => setTimeout(resolve, 5));
  return window.painted[code];
};
const look = () => {
  for (const button of document.querySelectorAll("#live [data-copy]")) {
    const code = button.dataset.copy;
    if (!(code in window.painted)) {
      window.painted[code] = 0;
      requestAnimationFrame(() => setTimeout(() => { window.painted[code] = Date.now(); }, 0));
    }
  }
};
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
});
"""


def measure() -> Iterator[Figure]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's own loop runs in this thread
    scene = make_scene()
    scene.rentals(RENTALS, start=FIRST)
    (cookie,) = sign_in([scene.membership.user])
    with web() as portal, worker("now"), chromium() as browser:
        base = f"http://localhost:{portal.port}"
        context = browser.new_context(base_url=base)
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": base}])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"/t/{scene.membership.team.slug}/")
        page.wait_for_selector("#connection[data-up]", state="attached")
        page.wait_for_selector(f"#live .rental >> nth={RENTALS - 1}")
        sent = _measure(scene, portal.port, page)
        context.close()
    yield Figure("live_webhook_to_painted_p50_ms", sent.at(0.5), 100.0)
    yield Figure("live_webhook_to_painted_p95_ms", sent.at(0.95), 100.0)


def _send(port: int, request: bytes) -> None:
    """Plainly: Playwright's event loop runs in this thread already."""
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.sendall(request)
        if not wire.recv(4096).startswith(b"HTTP/1.1 200 "):
            raise RuntimeError("a webhook was refused")


def _measure(scene: Scene, port: int, page: Page) -> Sent:
    sent = Sent()
    for number in range(RENTALS):
        before = InboxEntry.objects.filter(account=scene.account).count()
        request = scene.request(FIRST + number)
        code = f"{scene.last % 1_000_000:06d}"
        began = time.time()
        _send(port, request)
        page.wait_for_selector(f'#live [data-copy="{code}"]', timeout=20_000)
        painted = page.evaluate(f"window.whenPainted('{code}')") / 1000
        if number >= WARMING:
            sent.seconds.append(painted - began)
        until(
            lambda before=before: InboxEntry.objects.filter(account=scene.account).count() > before,  # type: ignore[misc]
            "it is stored",
        )
        time.sleep(random.uniform(0.25, 0.35))  # noqa: S311 - in no step with anything
    return sent
