"""What this application writes into rows by itself, for ledger.retelling."""

from typing import Final

from django.utils.translation import gettext_noop as _

SENTENCES: Final = (
    _("The provider says %(amount)s more than the book."),
    _("The provider says %(amount)s less than the book."),
    _("What is open can explain it in several ways."),
    _("Nothing that is open explains it."),
    _("Exception %(id)s is explained by what was open."),
    _("Exception %(id)s is explained by a match."),
    _("The row behind it was matched since: balance, book and statement agree."),
    _("Explained by what was open, and booked as that."),
    _("The balance went down by %(amount)s, and nothing else explains it."),
    _("The balance is explained to the cent without a charge for it."),
    _(
        "The balance can no longer tell whether this rental was charged: its charge may have been "
        "given back, or hidden by another refund."
    ),
    _("Ask the provider, and decide it on the rental’s page."),
    _("Refunds that are awaited and may hide it: %(references)s."),
    _("The rental is no longer in doubt."),
    _("The balance shows %(took)s instead of the %(booked)s that the catalogue said."),
    _("Later readings explained all of it, and it is booked as that."),
    _("What nothing explained has come to nothing by changes that nothing explains either."),
    _("The provider says %(amount)s more than is explained."),
    _("The provider says %(amount)s less than is explained."),
    _("What is open can explain it in several ways; each reading may tell more."),
    _("It changes from reading to reading, and nothing that is open explains it."),
    _(
        "%(amount)s was booked as this rental’s refund. By what the wallet’s refunds were found to "
        "follow since, it may have been another’s."
    ),
    _("More came back than was charged."),
    _("%(received)s of %(expected)s came back."),
    _("The statement says another amount."),
    _("What was learned since shows that the row is another’s."),
    _("Exception %(id)s is explained by the statement."),
    _("The account has no current key."),
    _("The provider could not be read: %(why)s"),
    # Those of the statement are marked where they are written.
    "Row #%(id)s of the statement read “%(before)s” and reads “%(now)s” now.",
    "Row #%(id)s (%(what)s) stood on the statement and is gone.",
    "Row #%(id)s of the provider’s statement is this purchase.",
    "The statement says %(charged)s, and %(booked)s had been booked.",
    "The provider counts %(missing)s rows more than it lists. What it lists adds up.",
    "The provider counts %(total)s rows, and %(held)s could be read.",
)
