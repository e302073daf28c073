"""Makes a team."""

from argparse import ArgumentParser
from typing import Any

from accounts.commandline import OperatorCommand
from accounts.operations import create_team


class Command(OperatorCommand):
    help = "Make a team, and print the slug by which other commands know it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the team's name, for people")

    def work(self, **options: Any) -> None:
        team = create_team(name=options["name"])
        self.say(what="team", slug=team.slug)
