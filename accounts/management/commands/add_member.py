"""Puts a person into a team."""

from argparse import ArgumentParser
from typing import Any

from accounts.commandline import OperatorCommand, add_team_argument, find_team, read_secret
from accounts.operations import add_member
from accounts.states import Role
from accounts.verified import set_password_address


class Command(OperatorCommand):
    help = (
        "Put a person into a team, or give a member more roles. A new person without a password "
        "gets a link, good for three days and one use, with which to choose one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_team_argument(parser)
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--role", dest="roles", action="append", choices=Role.values, required=True
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read a new person's password from standard input",
        )

    def work(self, **options: Any) -> None:
        team = find_team(options["team"])
        password = read_secret("password") if options["password_stdin"] else None
        membership, made = add_member(
            team=team, email=options["email"], roles=options["roles"], password=password, actor=None
        )
        said = {
            "email": membership.user.email,
            "roles": ",".join(membership.roles),
            "team": team.slug,
        }
        if made and password is None:
            said["set_password"] = set_password_address(membership.user)
        elif not made and password is not None:
            self.stderr.write(f"{membership.user.email} keeps the password that they have.")
        self.say(what="member", **said)
