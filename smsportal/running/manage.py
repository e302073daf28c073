"""Runs an operator's command for the supervisor, and turns its failure into one line."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE

from smsportal.embedded.errors import StartError
from smsportal.running.plan import ROOT, manage_command


async def manage(*words: str, environment: dict[str, str]) -> tuple[str, str]:
    """Run `manage.py <words>`; return what it printed, and its warnings.

    Raises StartError with its complaint where it failed.
    """
    process = await asyncio.create_subprocess_exec(
        *manage_command(*words),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        output, errors = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        raise
    said, warned = (text.decode(errors="replace").strip("\n") for text in (output, errors))
    if process.returncode != 0:
        raise StartError(_complaint(warned, words[0]))
    return said, warned


def _complaint(errors: str, command: str) -> str:
    """The line that says what was wrong: the first one, or under a traceback the last."""
    lines = [line for line in errors.splitlines() if line.strip()]
    if not lines:
        return f"manage.py {command} failed without a word."
    telling = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    return telling.removeprefix("CommandError: ")
