#!/usr/bin/env python
"""The operator's commands. Without an environment they work on what `make run` runs."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from smsportal.embedded import addresses
from smsportal.embedded.errors import StartError
from smsportal.embedded.lock import running
from smsportal.running import environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsportal.settings")
    for name, value in running(addresses.data_folder()).items():
        os.environ.setdefault(name, value)
    try:
        environment.check(os.environ)
        execute_from_command_line(sys.argv)
    except StartError as error:
        sys.exit(f"CommandError: {error}")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) is not None:
            raise  # the server answered: what it said is worth a traceback
        sys.exit(_no_database(error))


def _no_database(error: OperationalError) -> str:
    if os.environ.get("DATABASE_URL"):
        return f"The database of DATABASE_URL does not answer: {str(error).splitlines()[0]}"
    return "No database is running: start `make run` in another terminal, or set DATABASE_URL."


if __name__ == "__main__":
    main()
