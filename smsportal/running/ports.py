"""Ports that we hold for the programs that we run: those that were asked for, or free ones."""

import errno
import socket

from smsportal.embedded.errors import StartError

PREFERRED = 8000
NOT_OURS = (errno.EADDRNOTAVAIL, socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_AGAIN)


def listen(host: str, wanted: str, preferred: int = PREFERRED) -> socket.socket:
    """A listening TCP socket on `wanted`, or where that is empty on `preferred` or else any free
    port.

    We hold it as long as we run: while the program behind it is started again, connections wait,
    and nobody takes the port meanwhile.
    Raises StartError for a port that is none, is taken or not allowed, and for a host that isn't
    ours.
    """
    if wanted:
        return _bind(host, _number(wanted))
    try:
        return _bind(host, preferred)
    except StartError:
        return _bind(host, 0)


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535:
        return int(text)
    raise StartError(f"PORT is {text!r}, which is no port: choose a number from 1 to 65535.")


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        if error.errno in NOT_OURS:
            raise StartError(f"HOST is {host!r}, which is no address of this machine.") from error
        reason = _reason(error)
        raise StartError(f"Port {port} of {host} {reason}: choose another with PORT.") from error


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is taken"
    if error.errno == errno.EACCES:
        return "needs more rights than we have"
    return f"can't be opened ({error.strerror})"
