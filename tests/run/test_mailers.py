"""Where e-mail goes, by one address."""

from typing import Any

import pytest
from django.core.mail import mailers
from django.core.mail.backends import console, filebased, smtp
from pytest_django.fixtures import Settings

from smsportal.mailers import PATIENCE, mailer


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp+tls://a%40b:p%2F@mail.example.com", ("mail.example.com", 587, "a@b", "p/", True)),
        ("smtp+tls://mail.example.com:2525", ("mail.example.com", 2525, None, None, True)),
        ("smtp+ssl://mail.example.com", ("mail.example.com", 465, None, None, False)),
        ("smtp://[::1]", ("::1", 25, None, None, False)),
    ],
)
def test_a_mail_server(settings: Settings, url: str, expected: tuple[Any, ...]) -> None:
    settings.MAILERS = {"default": mailer(url)}
    server = mailers.default
    assert isinstance(server, smtp.EmailBackend)
    found = (server.host, server.port, server.username, server.password, server.use_tls)
    assert found == expected
    assert server.use_ssl == url.startswith("smtp+ssl")
    assert server.timeout == PATIENCE


def test_no_mail_server(settings: Settings) -> None:
    settings.MAILERS = {"default": mailer("consolemail://")}
    assert isinstance(mailers.default, console.EmailBackend)
    settings.MAILERS = {"default": mailer("filemail:mails")}
    assert isinstance(mailers.default, filebased.EmailBackend)
