"""Become an account, die with the parent, then turn into another program.

Run by file path with the standard library alone, so that it costs some milliseconds:

    python -I -S launch.py --parent PID --signal N [--account UID:GID:GROUP,...] -- PROGRAM ARG...
    python -I -S launch.py [--account UID:GID:GROUP,...] --check PATH...

The second form exits 0 where the account can read every path (and enter or run it), else 1.
"""

import argparse
import ctypes
import os
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def become(account: str) -> None:
    uid, gid, groups = account.split(":")
    os.setgroups([int(group) for group in groups.split(",") if group])
    os.setgid(int(gid))
    os.setuid(int(uid))


def die_with_parent(parent: int, signal: int) -> None:
    """Ask Linux for `signal` when the parent ends. To be set last: setuid() clears it."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit("the parent process is gone")


def reachable(path: str) -> bool:
    """Whether a folder can be listed and entered, or a file be read and run."""
    return os.access(path, os.R_OK | os.X_OK)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--account")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--parent", type=int)
    parser.add_argument("--signal", type=int)
    parser.add_argument("words", nargs="+")
    options = parser.parse_args(arguments)
    if options.account:
        become(options.account)
    if options.check:
        return 0 if all(map(reachable, options.words)) else 1
    die_with_parent(options.parent, options.signal)
    try:
        os.execvp(options.words[0], options.words)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{options.words[0]}: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
