"""Adds a team's account at a provider."""

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.utils import timezone

from accounts.commandline import OperatorCommand, add_team_argument, find_team, read_secret
from accounts.operations import add_provider_account
from accounts.secrets.hook_tokens import hook_address
from providers.registry import PROVIDERS


class Command(OperatorCommand):
    help = (
        "Add a provider account: reads the balance with the key, keeps the key sealed, and prints "
        "the webhook address to enter in the provider's dashboard."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_team_argument(parser)
        parser.add_argument("provider", choices=PROVIDERS)
        parser.add_argument("--label", required=True, help="what the team calls the account")
        parser.add_argument("--prefix", default="", help="the provider's server, such as s1")
        parser.add_argument(
            "--key-stdin", action="store_true", help="read the API key from standard input"
        )

    def work(self, **options: Any) -> None:
        team = find_team(options["team"])
        key = read_secret("key") if options["key_stdin"] else getpass("API key: ")
        account = add_provider_account(
            team=team,
            provider_code=options["provider"],
            label=options["label"],
            key=key,
            server_prefix=options["prefix"],
            actor=None,
            now=timezone.now(),
        )
        self.say(
            what="provider_account",
            id=account.pk,
            balance=f"{account.balance}{account.currency}",
            webhook=hook_address(account),
        )
