"""Makes what a first start shows: a team with people in it, and the sandbox's wallets."""

import os
from typing import Any

from django.utils import timezone

from accounts.commandline import OperatorCommand, one_line
from accounts.demo import make_people, make_wallets, point_webhooks
from accounts.models import Team
from accounts.operations import create_team
from accounts.operations.errors import NotPossible
from accounts.sandbox import Sandbox, SandboxAway


class Command(OperatorCommand):
    help = (
        "Make the team Demo with a member, a finance and an admin user, and print their random "
        "passwords, once. With SANDBOX_URL set, also add the sandbox's wallets and have it send "
        "its webhooks here. Repeated, it makes what is missing."
    )

    def work(self, **options: Any) -> None:
        team = Team.objects.filter(slug="demo").first() or create_team(name="Demo")
        for email, password in make_people(team):
            self.stdout.write(f"  {email:<22} {password}")
        if address := os.environ.get("SANDBOX_URL", ""):
            self._use_sandbox(team, Sandbox(address))

    def _use_sandbox(self, team: Team, sandbox: Sandbox) -> None:
        try:
            make_wallets(team, sandbox, now=timezone.now())
            point_webhooks(team, sandbox)
        except (NotPossible, SandboxAway) as error:
            # The portal works without: people can add the wallets themselves.
            self.stderr.write(f"The sandbox's wallets were not all added: {one_line(error)}")
