"""Reconciles wallets now, and says of each how it stands on one line that a script can read."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from accounts.commandline import OperatorCommand, find_team, one_line
from accounts.models import ProviderAccount
from ledger.models import Reconciliation, ReconciliationException
from ledger.models.runs import Step
from ledger.operations import reconciling
from ledger.states import UNRESOLVED


class Command(OperatorCommand):
    help = (
        "Read the statements and balances of a team's wallets, or of all, and match what they say "
        "with the book. Exits with 1 where something could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "team", metavar="SLUG", nargs="?", default="", help="a team's slug; all without it"
        )

    def work(self, **options: Any) -> None:
        wallets = ProviderAccount.objects.filter(archived_at__isnull=True, book__isnull=False)
        if options["team"]:
            wallets = wallets.filter(team=find_team(options["team"]))
        runs = [self._reconciled(wallet) for wallet in wallets.order_by("pk")]
        if any(run.step != Step.DONE for run in runs):
            raise CommandError("Not every wallet could be reconciled.")

    def _reconciled(self, wallet: ProviderAccount) -> Reconciliation:
        run = reconciling.ask(wallet=wallet, asked_by=None, now=timezone.now())
        reconciling.reconcile(run.pk)
        run.refresh_from_db()
        self._tell(wallet, run)
        return run

    def _tell(self, wallet: ProviderAccount, run: Reconciliation) -> None:
        unresolved = ReconciliationException.objects.filter(wallet=wallet, state__in=UNRESOLVED)
        last = wallet.snapshots.order_by("-answered_at").first()
        told = {
            "wallet": wallet.pk,
            "team": wallet.team.slug,
            "provider": wallet.provider,
            "state": run.step,
            "rows": run.rows_read,
            "new": run.rows_new,
            "matched": run.matched,
            "opened": run.opened,
            "unresolved": unresolved.count(),
            "drift": f"{last.drift:+}{wallet.currency}" if last else "unknown",
        }
        if run.problem:
            told["problem"] = f'"{one_line(Exception(run.problem))}"'
        self.say(what="reconciled" if run.step == Step.DONE else "not_reconciled", **told)
