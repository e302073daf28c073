"""`make screenshots`: the pictures of the documents, taken of a real portal with its sandbox."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from benchmarks.portal import empty_data, portal
from tests.browser.chromium import chromium

IMAGES = Path(__file__).resolve().parent / "images"
PATIENCE = 60_000.0  # milliseconds; a code of the sandbox's comes after some seconds
DESKTOP = (1280, 860)
PHONE = (390, 844)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with empty_data() as data, portal(data) as lines, chromium() as browser:
        page = signed_in(browser, *credentials(lines))
        for service in ("whatsapp", "telegram"):
            rent(page, service)
        expect(page.get_by_role("button", name=re.compile("Copy code")).first).to_be_visible()
        rent(page, "google")
        expect(page.get_by_role("button", name="Cancel").first).to_be_visible()
        take(page)


def credentials(lines: list[str]) -> tuple[str, str, str]:
    """The address, the member's e-mail and password, out of what the portal printed."""
    text = "\n".join(lines)
    address = re.search(r"is ready: (\S+)", text)
    member = re.search(r"(member@\S+)\s+(\S+)", text)
    if address is None or member is None:
        raise RuntimeError(f"no address or no member in what the portal printed:\n{text}")
    return address[1], member[1], member[2]


def signed_in(browser: Browser, address: str, email: str, password: str) -> Page:
    page = browser.new_page(base_url=address, color_scheme="light")
    page.set_default_timeout(PATIENCE)
    page.goto("/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")
    expect(page.locator("#rent")).to_be_visible()
    return page


def rent(page: Page, service: str) -> None:
    cards = page.locator("#live [data-rental]")  # the row before the answer has none
    before = cards.count()
    page.get_by_role("searchbox", name="Search services").fill(service)
    expect(page.locator("#offers .offer").first).to_contain_text(re.compile(service, re.IGNORECASE))
    page.locator("#offers").get_by_role("radio").first.check()
    page.get_by_role("button", name="Rent", exact=False).last.click()
    expect(cards).to_have_count(before + 1)


def take(page: Page) -> None:
    """The board by day and night, on a desk and on a phone."""
    for scheme in ("light", "dark"):
        for name, (width, height) in (("board", DESKTOP), ("board-phone", PHONE)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            suffix = "" if scheme == "light" else "-dark"
            page.screenshot(path=IMAGES / f"{name}{suffix}.png")


if __name__ == "__main__":
    main()
