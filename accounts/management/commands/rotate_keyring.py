"""Seals everything again with the keyring's first key."""

from typing import Any

from accounts.commandline import OperatorCommand
from accounts.operations.resealing import reseal_all
from accounts.secrets.keyring import keyring


class Command(OperatorCommand):
    help = (
        "Seal every secret again with the keyring's first key. Put a new key in front of the "
        "others, restart the portal, run this, and only then take the old key away. Safe to "
        "repeat, also after it was cut off."
    )

    def work(self, **options: Any) -> None:
        resealed, total = reseal_all()
        self.say(what="keyring", key=keyring().current, resealed=resealed, sealed=total)
