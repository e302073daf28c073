"""What the views share."""

from django.http import HttpRequest, QueryDict


def sent(request: HttpRequest) -> QueryDict | None:
    """The form that was sent, however empty; None where the page was only asked for."""
    return request.POST if request.method == "POST" else None
