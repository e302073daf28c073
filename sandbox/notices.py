"""Puts the webhooks of a message into the outbox, as the faults have it, and forged ones."""

import random
from dataclasses import replace

from sandbox.books.records import Activation, Message
from sandbox.books.wallets import Wallets
from sandbox.clock import Clock
from sandbox.faults import Posting, WebhookFault
from sandbox.outbox import Outbox
from sandbox.switches import Switches


class NoWebhookAddress(Exception):
    """The wallet has none, so there is nowhere to send a webhook to."""


class Notices:
    def __init__(
        self,
        clock: Clock,
        wallets: Wallets,
        switches: Switches,
        outbox: Outbox,
        chance: random.Random,
    ) -> None:
        self._clock = clock
        self._wallets = wallets
        self._switches = switches
        self._outbox = outbox
        self._chance = chance

    def announce(self, activation: Activation, message: Message) -> None:
        """One webhook, or what the faults make of it; none where the wallet has no address."""
        wallet = self._wallets.get(activation.wallet_id)
        if not wallet.webhook_url:
            return
        postings, held = [Posting()], self._outbox.one_is_held(wallet.id)
        for fault in self._switches.take(WebhookFault, wallet):
            postings = fault.plan(postings, one_is_held=held)
        for posting in postings:
            if posting.forged:
                self._put_forged(activation, message, posting)
            else:
                self._outbox.put(activation, message, posting)

    def forge(self, activation: Activation, message_id: str, code: str) -> None:
        """A webhook for an SMS that never came. Raises `NoWebhookAddress`."""
        if not self._wallets.get(activation.wallet_id).webhook_url:
            raise NoWebhookAddress("The wallet has no webhook address.")
        message = Message(
            id=message_id,
            activation_id=activation.id,
            code="",
            text="",
            received=self._clock.now_ms(),
        )
        self._put_forged(activation, message, Posting(forged=True), code)

    def _put_forged(
        self, activation: Activation, genuine: Message, posting: Posting, code: str = ""
    ) -> None:
        while not code or code == genuine.code:
            code = f"{self._chance.randrange(10**6):06}"
        text = f"Your {activation.service_name} code is {code}"
        self._outbox.put(activation, replace(genuine, code=code, text=text), posting)
