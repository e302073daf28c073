"""Everything that `make run` runs, under one roof: started in order, kept alive, stopped in order.

Children also end when this process is killed: the kernel sends them their stop signal.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Mapping
from typing import Any

import httpx
from redis import Redis, RedisError

from smsportal import keyfiles
from smsportal.embedded import addresses, layout
from smsportal.embedded.errors import StartError
from smsportal.embedded.lock import Busy, DataLock, lock_of_children
from smsportal.embedded.servers import embedded
from smsportal.running import environment, plan, ports
from smsportal.running.child import Child, Program
from smsportal.running.console import Console
from smsportal.running.manage import manage

GRACE = 8.0  # seconds for the processes at work; what they leave undone stands in the rows
SERVER_GRACE = 5.0
PATIENCE = 120.0
ONE_WISH = 1.0
PROVIDERS = {"SMSGIG_BASE_URL": "smsgig", "SMSVILLA_BASE_URL": "smsvilla"}
SERVERS = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
PING: dict[str, Any] = {"socket_connect_timeout": 2.0, "socket_timeout": 2.0}  # seconds
FOR_OPERATORS = ("PORT", "PUBLIC_URL", *PROVIDERS)


class Supervisor:
    """One run. `given` is the environment that the operator set."""

    def __init__(self, given: Mapping[str, str], console: Console) -> None:
        self.environment = {name: value for name, value in given.items() if value}
        self.console = console
        self.data = layout.prepare_data(addresses.data_folder(self.environment))
        self.children: dict[str, Child] = {}
        self.asked_at = 0.0
        self.people = ""  # how the demo team signs in, until it was shown
        self.listeners: list[socket.socket] = []  # open as long as we run: see ports.listen()

    async def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP. Raises StartError where it can't even start."""
        lock = self._lock()
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop, stopping)
        starting = asyncio.create_task(self._start(lock))
        stopped = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not stopping.is_set():
                starting.result()
                await stopped
        finally:
            starting.cancel()
            await asyncio.wait([starting])
            await self._stop()
            layout.give_all(self.data)
            lock.release()

    def _lock(self) -> DataLock:
        try:
            return DataLock(self.data)
        except Busy as busy:
            address = busy.note.get("PUBLIC_URL")
            state = f"is running at {address}" if address else "is just starting or stopping"
            raise StartError(f"SMS Portal {state}, with the data in {self.data}.") from None

    def _asked_to_stop(self, stopping: asyncio.Event) -> None:
        """The first time in an orderly way; whoever asks again later doesn't want to wait.

        One wish may come as two signals at once: make hands on what its whole group has got.
        """
        now = time.monotonic()
        if not stopping.is_set():
            self.console.say("\nStopping ...")
            self.asked_at = now
            stopping.set()
        elif now > self.asked_at + ONE_WISH:
            for child in self.children.values():
                child.kill()

    async def _start(self, lock: DataLock) -> None:
        environment.check(self.environment)
        keyfiles.make_missing(self.data, self.environment)
        listener = ports.listen(self._host(), self.environment.get("PORT", ""))
        self.listeners.append(listener)
        inherited = await asyncio.to_thread(lock_of_children, self.data)
        self._complete_environment(listener)
        await self._start_sandbox(inherited)
        await self._start_servers()
        self.console.say("Preparing the database ...")
        prepared, _ = await manage("prepare", environment=self.environment)
        await self._keep(plan.web(self.environment, listener.fileno(), inherited))
        if "users=0" in prepared:
            self.people = await self._make_demo()
        await self._web_answers(listener)
        for worker in plan.workers(self.environment, inherited):
            await self._keep(worker)
        lock.write({name: self.environment[name] for name in FOR_OPERATORS})
        layout.give_all(self.data)
        self._greet()

    def _host(self) -> str:
        return self.environment.get("HOST", "127.0.0.1")

    def _complete_environment(self, listener: socket.socket) -> None:
        """Say what settings would else read from files or not know: the same for every child."""
        port = str(listener.getsockname()[1])
        defaults = {
            "DJANGO_SETTINGS_MODULE": "smsportal.settings",
            "PYTHONUNBUFFERED": "1",
            "PUBLIC_URL": f"http://localhost:{port}",
        }
        self.environment = {
            **defaults,
            **self.environment,
            "DATA_DIR": str(self.data),
            "PORT": port,
        }

    async def _start_sandbox(self, inherited: int) -> None:
        """Both providers played locally, unless the operator named an address for each."""
        named = [name for name in PROVIDERS if name in self.environment]
        if len(named) == len(PROVIDERS):
            return
        listener = ports.listen("127.0.0.1", "", plan.SANDBOX_PORT)
        self.listeners.append(listener)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for name, provider in PROVIDERS.items():
            self.environment.setdefault(name, f"{address}/{provider}/api/v1")
        if not named:
            self.environment["SANDBOX_URL"] = address  # where the demo team gets its wallets
        state = self.data / "sandbox.db"
        await self._keep(plan.sandbox(self.environment, listener.fileno(), state, inherited))

    async def _start_servers(self) -> None:
        """PostgreSQL and Valkey, each unless the operator has one."""
        if "REDIS_URL" in self.environment:
            await asyncio.to_thread(self._look_for_redis)
        if all(name in self.environment for name in SERVERS.values()):
            return
        self.console.say("Starting PostgreSQL and Valkey ...")
        for server in await asyncio.to_thread(embedded, self.data):
            if SERVERS[server.name] not in self.environment:
                child = await self._keep(plan.server(server))
                await asyncio.to_thread(server.wait_ready, child.alive)
                self.environment[SERVERS[server.name]] = server.url

    def _look_for_redis(self) -> None:
        """One of the operator's may come later than we do: say so, and start."""
        with Redis.from_url(self.environment["REDIS_URL"], **PING) as redis:
            try:
                redis.ping()
            except (RedisError, OSError) as problem:
                self.console.say(
                    f"The Redis of REDIS_URL does not answer ({type(problem).__name__}): rentals "
                    "wait for some seconds until it does."
                )

    async def _keep(self, program: Program) -> Child:
        child = self.children[program.name] = Child(program, self.console)
        await child.start()
        return child

    async def _make_demo(self) -> str:
        """The lines with which people sign in."""
        people, warnings = await manage("make_demo", environment=self.environment)
        if warnings:
            self.console.say(warnings)
        return people

    async def _web_answers(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            try:
                answer = await client.get(
                    f"http://{host}:{port}/healthz", headers={"Host": "localhost"}
                )
            except httpx.HTTPError as error:
                raise StartError("The web process does not answer: its lines say why.") from error
        if answer.is_server_error:  # a 400 is fine: "localhost" need not be among ALLOWED_HOSTS
            raise StartError("The web process can't serve pages: its lines say why.")

    def _greet(self) -> None:
        self.console.say(f"\nSMS Portal is ready: {self.environment['PUBLIC_URL']}")
        if "SANDBOX_URL" in self.environment:
            self.console.say(f"The sandbox plays both providers: {self.environment['SANDBOX_URL']}")
        if self.people:
            self._show_people()
        else:
            self.console.say("A lost password: .venv/bin/python manage.py changepassword E-MAIL")
        self.console.say("Ctrl-C stops everything; the data stays.\n")

    def _show_people(self) -> None:
        """Once, and also when stopped before we were ready: nobody else knows the passwords."""
        self.console.say("\nSign in as one of these; the passwords are shown this once:\n")
        self.console.say(f"{self.people}\n")
        self.people = ""

    async def _stop(self) -> None:
        """The processes at work first, then what they work with."""
        if self.people:
            self._show_people()
        last = {"sandbox", "valkey", "postgres"}
        working = [child for name, child in self.children.items() if name not in last]
        await asyncio.gather(*(child.stop(GRACE) for child in working))
        for name in ("sandbox", "valkey", "postgres"):
            if name in self.children:
                await self.children[name].stop(SERVER_GRACE)
