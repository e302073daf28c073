"""The HTTP control of a local sandbox that plays the providers, as far as a demo needs it."""

from dataclasses import dataclass, field
from typing import Any, Final

import httpx

PATIENCE: Final = 10.0  # seconds


class SandboxAway(Exception):
    """It does not answer, or not as a sandbox does."""


@dataclass(frozen=True, slots=True)
class Wallet:
    id: int
    provider: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`url` is its root, without a path. Raises SandboxAway."""

    url: str

    def wallets(self) -> list[Wallet]:
        """The wallets that it started with, one for each provider."""
        state = self._ask("GET", "/control/state")
        try:
            wallets = [
                Wallet(int(each["id"]), str(each["provider"]), str(each["key"]))
                for each in state["wallets"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise SandboxAway(f"{self.url} does not answer as a sandbox does.") from error
        first = {wallet.provider: wallet for wallet in reversed(wallets)}
        return list(reversed(first.values()))

    def send_webhooks(self, wallet: Wallet, address: str) -> None:
        """Have the wallet's webhooks sent there from now on."""
        self._ask("POST", f"/control/wallets/{wallet.id}/webhook", {"url": address})

    def plays(self, base_url: str) -> bool:
        """Whether a provider's address is one of this sandbox."""
        return base_url.startswith(f"{self.url.rstrip('/')}/")

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        try:
            with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
                answer = client.request(method, self.url.rstrip("/") + path, json=body)
                answer.raise_for_status()
                return answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise SandboxAway(f"{self.url} does not answer as a sandbox does.") from error
