"""What somebody sees who follows an invitation's link."""

from django.http import HttpRequest, HttpResponse


def invitation(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(status=404)
