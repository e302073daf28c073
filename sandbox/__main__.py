"""Starts the sandbox: `python -m sandbox --port 8700 --state sandbox.db`."""

import argparse
import contextlib
import math
import signal
import socket
import sys
from pathlib import Path

from sandbox.app import App, create_app
from sandbox.books.store import UnreadableState
from sandbox.server import PortTaken, address_of, listen, make_server
from sandbox.settings import Settings, demo_wallets


def main(arguments: list[str] | None = None) -> int:
    """Runs until SIGINT or SIGTERM. Exit code 2, and one line, where it can't start."""
    options = _parser().parse_args(arguments)
    try:
        listener = _listener(options)
        app = create_app(_settings(options))
    except (PortTaken, UnreadableState) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    app.sandbox.url = address_of(listener)
    _announce(app)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.closing(app.sandbox), contextlib.suppress(KeyboardInterrupt):
        make_server(app).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=0, help="0 takes a free one")
    parser.add_argument("--fd", type=int, help="a listening socket that is inherited")
    parser.add_argument("--state", type=Path, help="file to keep everything in (default: memory)")
    parser.add_argument(
        "--auto-code",
        type=_range,
        default=(4.0, 10.0),
        metavar="SECONDS|FROM-TO|off",
        help="when a code comes in after each rental (default: 4-10)",
    )
    parser.add_argument("--smsgig-key", default="", help="for a new state; else a random key")
    parser.add_argument("--smsvilla-key", default="", help="for a new state; else a random key")
    parser.add_argument(
        "--refund-delay",
        type=_seconds,
        default=20.0,
        metavar="SECONDS",
        help="until SMS Villa pays a queued refund (default: 20)",
    )
    parser.add_argument("--webhook-retries", type=int, default=0, help="default: 0")
    parser.add_argument("--first-activation-id", type=int, help="the same for both providers")
    parser.add_argument("--seed", type=int, help="repeatable numbers, codes and delays")
    return parser


def _listener(options: argparse.Namespace) -> socket.socket:
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    return listen(options.host, options.port)


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        state=options.state,
        openings=demo_wallets(smsgig_key=options.smsgig_key, smsvilla_key=options.smsvilla_key),
        auto_code=options.auto_code,
        refund_delay=options.refund_delay,
        webhook_retries=options.webhook_retries,
        first_activation_id=options.first_activation_id,
        seed=options.seed,
    )


def _announce(app: App) -> None:
    sandbox = app.sandbox
    sys.stdout.write(f"Sandbox on {sandbox.url}\n")
    for wallet in sandbox.wallets.all() if sandbox.is_new else []:
        key = sandbox.key(wallet.id)
        sys.stdout.write(f"{wallet.provider.label} demo key: {key}\n")
    sys.stdout.flush()


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is from 0 to 65535")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise argparse.ArgumentTypeError("seconds are 0 or more")
    return seconds


def _range(text: str) -> tuple[float, float] | None:
    if text == "off":
        return None
    first, dash, last = text.partition("-")
    low = _seconds(first)
    high = _seconds(last) if dash else low
    if high < low:
        raise argparse.ArgumentTypeError("the range must go upwards")
    return low, high


if __name__ == "__main__":
    sys.exit(main())
