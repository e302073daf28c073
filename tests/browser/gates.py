"""What a page is held to in a browser: for everybody, without an error, and light.

gate = Gate(page, "http://localhost:1234")
wrong = gate.wrong("/t/team/")
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page

MOST_BYTES: Final = 60 * 1024  # as sent
MOST_SCRIPT: Final = 30 * 1024
MOST_REQUESTS: Final = 8
MOST_SHIFT: Final = 0.02  # cumulative layout shift
STREAM: Final = "/live/"  # comes after the page, and never ends
OWN: Final = "data:"  # the browser's own, such as the sign of a date field

# Before any page's own script: what jumps while it loads.
SHIFTS: Final = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries())
            if (!shift.hadRecentInput) window.shifted += shift.value;
    }).observe({type: "layout-shift", buffered: true});
"""
# Where lists have little room, on a tablet or beside the menu: other columns at each of these.
DESKS: Final = (768, 1024, 1280, 1440)
CUT: Final = """() => [...document.querySelectorAll(
    "main :is(.table-wrap, tbody :is(th, td), .queue__line, .filters, .button, .badge)"
)].filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 2
    && each.checkVisibility({visibilityProperty: true})
    && !each.closest(".visually-hidden, .truncate"))
    .map((each) => `${each.className || each.tagName} ${each.innerText.slice(0, 60)}`)"""
# Fields in which a browser draws more than it has room for, which it does not tell: they would be
# wider if they were as wide as what is chosen in them.
NARROW: Final = """() => [...document.querySelectorAll(
    "main :is(select, [type=date], [type=month])"
)].filter((each) => each.checkVisibility({visibilityProperty: true})).filter((each) => {
        const free = each.cloneNode(true);
        if (each.options) free.replaceChildren(each.selectedOptions[0]?.cloneNode(true) ?? "");
        Object.assign(free.style, {position: "absolute", width: "max-content"});
        each.after(free);
        const wanted = free.offsetWidth;
        free.remove();
        return wanted > each.offsetWidth + (each.options ? 1 : 10); // a date has some air in it
    }).map((each) => `${each.name} ${each.selectedOptions?.[0]?.text ?? each.type}`)"""
# What is written over something else of the same rental, line or row. What is folded away, or told
# to screen readers alone, is not in sight.
CROWDED: Final = """() => {
    const lines = (part) => {
        const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) {
            const { data, parentElement: around } = texts.currentNode;
            const isSeen = around.checkVisibility() && !around.closest(".visually-hidden");
            if (!data.trim() || !isSeen) continue;
            const range = document.createRange();
            range.selectNode(texts.currentNode);
            found.push(...range.getClientRects());
        }
        return found;
    };
    const meet = (one, other) => one.top < other.bottom - 3 && other.top < one.bottom - 3
        && one.left < other.right - 1 && other.left < one.right - 1;
    const crowded = (row) => {
        const parts = [...row.children].map((part) => ({part, lines: lines(part)}));
        return parts.filter(({lines}, index) => parts.slice(index + 1).some((next) =>
            next.lines.some((other) => lines.some((one) => meet(one, other)))));
    };
    return [...document.querySelectorAll("main :is(.rental, .queue__line, tbody tr)")]
        .flatMap(crowded).map(({part}) => `${part.className} ${part.innerText.slice(0, 60)}`);
}"""
LOOK: Final = """async () => ({
    wide: document.documentElement.scrollWidth,
    violations: (await axe.run(document, {
        resultTypes: ["violations"],
        rules: {"target-size": {enabled: true}},
        preload: false,
    })).violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) =>
        `${node.html.slice(0, 160)} ${node.any.concat(node.all, node.none)
            .map((check) => check.message).join(" ")}`)]),
    shifted: window.shifted,
})"""


class Gate:
    """One tab of a browser, in which page after page is loaded as if for the first time."""

    def __init__(self, page: Page, base: str) -> None:
        self._page = page
        self._base = base
        self._errors: list[str] = []
        self._addresses: dict[str, str] = {}
        self._sizes: dict[str, float] = {}
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", self._said)
        page.add_init_script(SHIFTS)
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        tools.on("Network.responseReceived", self._received)
        tools.on("Network.loadingFinished", self._finished)

    def wrong(self, address: str) -> Iterator[str]:
        """What falls short of the page at this address, in words; nothing where all is well."""
        for kept in (self._errors, self._addresses, self._sizes):
            kept.clear()
        response = self._page.goto(address, wait_until="load")
        assert response is not None
        if not response.ok:
            yield f"answers {response.status}"
            return
        yield from self._heavy()
        self._page.evaluate(AXE_SCRIPT)
        yield from self._unfit(self._page.evaluate(LOOK))
        yield from (f"writes over {each}" for each in self._page.evaluate(CROWDED))
        yield from self._cut()
        yield from (f"logs: {error}" for error in self._errors)

    def leave(self) -> None:
        """Go away from the page, so that nothing of it is asked for any more."""
        self._page.goto("about:blank")

    def _unfit(self, seen: dict[str, Any]) -> Iterator[str]:
        size = self._page.viewport_size
        if size and seen["wide"] > size["width"]:
            yield f"is {seen['wide']} wide"
        if seen["shifted"] > MOST_SHIFT:
            yield f"jumps by {seen['shifted']:.3f}"
        yield from (json.dumps(each) for each in seen["violations"])

    def _cut(self) -> Iterator[str]:
        """On desks: rows, cells, buttons and fields that say more than is in sight."""
        size = self._page.viewport_size
        if size is None or size["width"] < max(DESKS):
            return
        for width in DESKS:
            self._page.set_viewport_size({**size, "width": width})
            cut = self._page.evaluate(CUT) + self._page.evaluate(NARROW)
            yield from (f"cuts at {width}: {each}" for each in cut)
        self._page.set_viewport_size(size)

    def _heavy(self) -> Iterator[str]:
        loaded = {
            address: self._sizes.get(key, 0)
            for key, address in self._addresses.items()
            if STREAM not in address and not address.startswith(OWN)
        }
        script = sum(size for address, size in loaded.items() if address.endswith(".js"))
        if len(loaded) > MOST_REQUESTS:
            yield f"takes {len(loaded)} requests: {sorted(loaded)}"
        if sum(loaded.values()) > MOST_BYTES:
            yield f"weighs {sum(loaded.values())} bytes: {loaded}"
        if script > MOST_SCRIPT:
            yield f"has {script} bytes of script: {loaded}"
        yield from (f"fetches {each}" for each in loaded if not each.startswith(self._base))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(message.text)

    def _received(self, event: Any) -> None:
        self._addresses[event["requestId"]] = event["response"]["url"]

    def _finished(self, event: Any) -> None:
        self._sizes[event["requestId"]] = event["encodedDataLength"]
