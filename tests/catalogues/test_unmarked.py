"""No template says anything that is not marked to be translated."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The design system's page is for who works on the portal.
TEMPLATES = sorted(
    path for path in (ROOT / "templates").rglob("*.*") if path.parent.name != "design"
)
TAGS = re.compile(
    r"{#.*?#}|{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}|{%.*?%}|{{.*?}}", re.DOTALL
)
CLASSES = re.compile(r"\w+--\w+")  # as a block of a template that is written into an attribute
SAYS = {"alt", "aria-label", "content", "label", "placeholder", "title"}
# Names, units and keys are the same in all languages; the rest is read by browsers alone.
NAMES = {"Ctrl", "Enter", "Esc", "HTTP", "Portal", "SMS", "ms"}
WORD = re.compile(r"[^\W\d_]{2,}")


class Said(HTMLParser):
    """Gathers what people read of a template, or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.words += [value for name, value in attrs if name in SAYS and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def unmarked(source: str) -> Iterator[str]:
    """Words that a template says without a mark."""
    said = Said()
    said.feed(TAGS.sub("", source))
    said.close()
    for text in said.words:
        yield from set(WORD.findall(CLASSES.sub(" ", text))) - NAMES


def test_what_is_not_marked_is_found() -> None:
    page = """{# none #}{% translate "Board" %} <p class="card">{{ team.name }}</p>
        {% blocktranslate trimmed %}All of it{% endblocktranslate %}
        <b>Board</b><a title="Go">1</a>"""
    assert list(unmarked(page)) == ["Board", "Go"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_that_a_template_says_is_marked(template: Path) -> None:
    assert list(unmarked(template.read_text())) == []
