"""How a page looks: nothing is wider than the screen or in somebody's way; pictures on demand."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

type Layout = tuple[int, Literal["light", "dark"]]

RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
LAYOUTS: tuple[Layout, ...] = (
    (320, "light"),
    (390, "dark"),
    (390, "light"),
    (1440, "light"),
    (1440, "dark"),
)
# Colours come from tokens of a theme, sizes and places from a width: each is looked at once.
CHECKED: tuple[Layout, ...] = ((320, "light"), (1440, "dark"))


def inspect(page: Page, name: str, layouts: Sequence[Layout] = LAYOUTS) -> list[str]:
    """What is wrong with a page in these widths and themes, a line each.

    Nothing is wider than any of the screens; axe's rules are held to in both layouts and themes.
    It is looked at from its top: further down the bar over it covers half of whatever is there.
    """
    wrong = []
    for width, theme in layouts:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.evaluate("scrollTo(0, 0)")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} is wider than {width}")
        shoot(page, f"{name}-{width}-{theme}")
        found = violations(page) if (width, theme) in CHECKED else []
        wrong += [f"{name} at {width} in {theme}: {each}" for each in found]
    return wrong


def violations(page: Page) -> list[list[str]]:
    """What is in somebody's way as the page is now: the rule's name, and parts that break it."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [_said(each) for each in found]


def shoot(page: Page, name: str) -> None:
    """A picture of the whole page, into the folder that SHOTS names."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def _said(violation: dict[str, Any]) -> list[str]:
    return [violation["id"], *(node["html"][:200] for node in violation["nodes"][:3])]
