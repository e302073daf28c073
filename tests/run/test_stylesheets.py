"""A stylesheet that imports others is one file where it is collected."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from smsportal.stylesheets import JoinedStylesheets


def collected(source: Path, target: Path) -> tuple[str, str]:
    """The name and the content of css/app.css as browsers get it, of a folder of static files."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    storage = JoinedStylesheets(location=target)
    files = FileSystemStorage(location=source)
    names = [str(path.relative_to(source)) for path in source.rglob("*.css")]
    done = list(storage.post_process({name: (files, name) for name in names}))
    assert not [each for each in done if isinstance(each[-1], Exception)]
    name = str(storage.stored_name("css/app.css"))
    return name, (target / name).read_text()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    parts = tmp_path / "source" / "css" / "parts"
    parts.mkdir(parents=True)
    (parts.parent / "app.css").write_text('@layer a;\n@import url("parts/one.css");\n')
    (parts / "one.css").write_text("a { color: red; }\n")
    return tmp_path / "source"


def test_what_is_imported_stands_in_its_place(source: Path, tmp_path: Path) -> None:
    _, said = collected(source, tmp_path / "collected")
    assert said == "@layer a;\na { color: red; }\n\n"


def test_a_changed_part_changes_the_name_of_the_whole(source: Path, tmp_path: Path) -> None:
    before, _ = collected(source, tmp_path / "collected")
    (source / "css" / "parts" / "one.css").write_text("a { color: blue; }\n")
    after, said = collected(source, tmp_path / "collected")
    assert after != before
    assert "blue" in said


def test_every_part_of_ours_is_imported_once(tmp_path: Path) -> None:
    source = settings.BASE_DIR / "static"
    _, said = collected(source, tmp_path)
    parts = [path.read_text() for path in (source / "css" / "parts").iterdir()]
    assert "@import" not in said
    assert [said.count(part) for part in parts] == [1] * len(parts)
