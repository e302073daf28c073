"""The port that people open: the one that was asked for, or a free one."""

import errno
import socket

from smsportal.embedded.errors import StartError

PREFERRED = 8000


def listen(host: str, wanted: str) -> socket.socket:
    """A listening TCP socket on `wanted`, or where that is empty on 8000 or else any free port.

    We hold it as long as we run: while the web process is started again, connections wait.
    Raises StartError for a port that is none, is taken or not allowed.
    """
    if wanted:
        return _bind(host, _number(wanted))
    try:
        return _bind(host, PREFERRED)
    except StartError:
        return _bind(host, 0)


def free(host: str, preferred: int) -> int:
    """A port to hand to a program that opens it itself."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError("No port is free.")


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535:
        return int(text)
    raise StartError(f"PORT is {text!r}, which is no port: choose a number from 1 to 65535.")


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        reason = _reason(error)
        raise StartError(f"Port {port} of {host} {reason}: choose another with PORT.") from error


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is taken"
    if error.errno == errno.EACCES:
        return "needs more rights than we have"
    return f"can't be opened ({error.strerror})"
