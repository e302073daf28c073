"""Webhooks that are wrong in one way each, and the status that each must get."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.hooks.making import Made, signed, smsgig_body, smsvilla_body

type Headers = dict[str, str]


@dataclass
class Case:
    name: str
    status: int
    path: str
    body: bytes = b""
    headers: Headers = field(default_factory=dict)
    method: str = "POST"


def cases(gig: Made, villa: Made) -> Iterator[Case]:
    yield from _methods(villa)
    yield from _addresses(gig, villa)
    yield from _sizes(villa)
    yield from _signatures(gig)
    for name, body in _bodies(smsvilla_body, "activationId"):
        yield Case(f"villa: {name}", 400, villa.path, body)
    for name, body in _bodies(smsgig_body, "activation_id"):
        yield Case(f"gig: {name}", 400, gig.path, body, signed(body, gig.key))


def _methods(villa: Made) -> Iterator[Case]:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        yield Case(f"method {method}", 405, villa.path, smsvilla_body(), method=method)


def _addresses(gig: Made, villa: Made) -> Iterator[Case]:
    token = villa.path.rpartition("/")[2]
    paths = {
        "no token": "/hooks/smsvilla/",
        "no provider": f"/hooks/{token}",
        "wrong token": "/hooks/smsvilla/" + token[:-1] + ("A" if token[-1] != "A" else "B"),
        "shortened token": villa.path[:-1],
        "lengthened token": villa.path + "A",
        "slash behind": villa.path + "/",
        "more behind": villa.path + "/more",
        "token of letters that no token has": f"/hooks/smsvilla/{token[:-1]}.",
        "token with a NUL": f"/hooks/smsvilla/{token}%00",
        "token with a newline": f"/hooks/smsvilla/{token}%0A",
        "very long token": f"/hooks/smsvilla/{token * 40}",
        "other provider's address": f"/hooks/smsgig/{token}",
        "unknown provider": f"/hooks/nobody/{token}",
        "capitals": f"/hooks/SmsVilla/{token}",
    }
    for name, path in paths.items():
        yield Case(name, 404, path, smsvilla_body())
    body = smsgig_body()
    path = gig.path.replace("smsgig", "smsvilla")
    yield Case("signed, but at the other's address", 404, path, body, signed(body, gig.key))


def _sizes(villa: Made) -> Iterator[Case]:
    yield Case("a byte too large", 413, villa.path, _padded(64 * 1024 + 1))
    yield Case("a megabyte", 413, villa.path, _padded(1024 * 1024))
    yield Case("ten megabytes", 413, villa.path, _padded(10 * 1024 * 1024))


def _padded(size: int) -> bytes:
    body = smsvilla_body()
    return body + b" " * (size - len(body))


def _signatures(gig: Made) -> Iterator[Case]:
    body = smsgig_body()
    right = signed(body, gig.key)["X-SMSGig-Signature"]
    signatures: dict[str, Headers] = {
        "no signature": {},
        "empty signature": {"X-SMSGig-Signature": ""},
        "signature of another key": signed(body, "another key"),
        "signature of another body": signed(body + b" ", gig.key),
        "signature of nothing": signed(b"", gig.key),
        "cut signature": {"X-SMSGig-Signature": right[:-1]},
        "signature that is no hex": {"X-SMSGig-Signature": "z" * 64},
        "signature in Latin-1": {"X-SMSGig-Signature": "\xe9" * 64},
        "the key for a signature": {"X-SMSGig-Signature": gig.key},
        "signature under another name": {"X-Signature": right},
    }
    for name, headers in signatures.items():
        yield Case(name, 401, gig.path, body, headers)
    yield Case("unsigned and no JSON", 401, gig.path, b"not JSON")


def _bodies(make: Callable[..., bytes], activation: str) -> Iterator[tuple[str, bytes]]:
    right = make()
    yield "empty", b""
    yield "not JSON", b"activation 10561661 received 123456"
    yield "a form", b"activation_id=1&code=123456"
    yield "cut JSON", right[:-10]
    yield "not UTF-8", b"\xff\xfe\x00{}"
    yield "a list", b"[" + right + b"]"
    yield "a string", b'"123456"'
    yield "a number", b"123456"
    yield "null", b"null"
    yield "an empty object", b"{}"
    yield "deep", b"[" * 30_000 + b"]" * 30_000
    yield "deep object", b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    ids = {
        "null": None,
        "false": False,
        "an empty string": "",
        "an object": {"id": 1},
        "a list": [1],
        "zero": 0,
        "negative": -5,
        "a fraction": 1.5,
        "huge": 10**80,
        "hugest": int("9" * 4000),
        "long": "7" * 65,
        "with blanks": "1 2",
        "with a NUL": "1\x002",
        "a lone surrogate": "\ud800",
    }
    for name, value in ids.items():
        yield f"activation id {name}", make(**{activation: value})
    yield "code of a wrong type", make(code=["123456"])
    yield "text of a wrong type", make(text={"en": "123456"})
    twice = b'{"%s": 1, "%s": 2, "code": "1", "text": "t"}'
    yield "two activation ids", twice % (activation.encode(), activation.encode())
