"""`python -m smsportal`: what `make run` runs."""

import asyncio
import os
import sys

from smsportal.embedded.errors import StartError
from smsportal.running.console import Console
from smsportal.supervisor import Supervisor


def main() -> int:
    """Run until stopped. Returns the exit code: 0 when asked to stop, 1 with one line of reason."""
    os.umask(0o077)
    try:
        asyncio.run(Supervisor(os.environ, Console()).run())
    except StartError as error:
        print(f"smsportal: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        print(f"smsportal: {error.strerror}{place}.", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
