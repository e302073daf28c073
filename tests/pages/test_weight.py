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


def test_pages_are_sent_compressed_to_whoever_takes_it(world: World) -> None:
    client, board = signed_in(world.admin), page("board", world.team)
    plain = client.get(board)
    assert "Content-Encoding" not in plain
    packed = client.get(board, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert b'id="live"' in gzip.decompress(packed.content)
    assert len(packed.content) < len(plain.content) / 2


def test_files_are_sent_as_they_are(world: World) -> None:
    client = signed_in(world.admin)
    for form in ("csv", "xlsx"):
        address = page("history_export", world.team)
        file = client.get(address, {"format": form}, headers={"Accept-Encoding": "gzip"})
        assert file.status_code == 200
        assert "Content-Encoding" not in file
