"""The web server as a process, ready when its lanes answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests import processes
from tests.processes import Process
from tests.trust import TRUST


@dataclass(frozen=True)
class Web:
    process: Process
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serve(environment: dict[str, str], *options: str) -> Iterator[Web]:
    port = processes.free_port()
    words = ["-m", "uvicorn", "smsportal.asgi:application", "--port", str(port), *options]
    with processes.python(*words, environment=environment, name=f"lanes-{port}") as process:
        web = Web(process, port)
        process.until(lambda: _answers(web), "the lanes answer")
        yield web


def _answers(web: Web) -> bool:
    try:
        answer = httpx.get(f"{web.base}/hooks/x/y", timeout=2, verify=TRUST, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == 405
