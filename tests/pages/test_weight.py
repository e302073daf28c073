"""What a browser has to fetch before a page can do all that it does."""

import gzip
import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

from tests.pages.clients import page, signed_in
from tests.pages.conftest import World

MOST = 30_000  # bytes, compressed


def test_all_the_script_that_there_is_stays_small(world: World) -> None:
    board = signed_in(world.admin).get(page("board", world.team)).text
    used = {name.split("?")[0] for name in re.findall(r'<script[^>]* src="/static/([^"]+)"', board)}
    own = {f"js/{path.name}" for path in (settings.BASE_DIR / "static" / "js").glob("*.js")}
    found = [finders.find(name) for name in used | own]
    assert any("htmx" in name for name in used)
    assert all(found)
    assert sum(len(gzip.compress(Path(str(path)).read_bytes(), 9)) for path in found) < MOST
