"""What somebody has just done can be taken back for a moment: the toast that tells of it has a
form for that, which needs no script."""

import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django_htmx.http import trigger_client_event

UNDO_FOR: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Undo:
    """A form's address and hidden fields. `target`: what htmx replaces by its answer, as a
    selector; "" loads the page that the answer leads to."""

    to: str
    target: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        """For which it is offered."""
        return int(UNDO_FOR.total_seconds())


def say_on_next_page(request: HttpRequest, said: str, undo: Undo) -> None:
    """Have the next page say it, with the form."""
    messages.success(request, said, extra_tags=json.dumps(asdict(undo)))


def say(response: HttpResponse, request: HttpRequest, said: str, undo: Undo) -> HttpResponse:
    """Add the toast to a part of a page that htmx gets.

    As an event after the swap, which is heard even where what was pressed is there no more: news
    of what it did may have come before this answer.
    """
    toast = render_to_string("components/toast.html", {"said": said, "undo": undo}, request)
    return trigger_client_event(response, "toast", {"html": toast}, after="swap")


def offered(tags: str) -> Undo | None:
    """What a message offers, by its extra tags; None where they are none of ours."""
    return Undo(**json.loads(tags)) if tags.startswith("{") else None
