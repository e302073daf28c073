"""What this application writes into rows by itself, and what providers.replies says of an answer,
for ledger.retelling."""

from typing import Final

from django.utils.translation import gettext_noop as _

SENTENCES: Final = (
    _("%(charged)s instead of %(quoted)s was charged."),
    _("Its number came after all: nothing is owed."),
    _("Refused, then charged %(amount)s for a number."),
    _("%(amount)s was booked; its answer names %(named)s."),
    _("The answer named activation %(activation)s."),
    _("The provider answered with activation %(activation)s, which another rental already has."),
    _("No answer came in time."),
    _("The answer did not come in time."),
    _("The cancel could not be confirmed."),
    _("The provider confirmed the cancel; its status still read as waiting."),
    _("No answer confirmed it, but it is gone."),
    _("An SMS came after it was cancelled; the provider refunds only where none came."),
    _("Our share of the provider's limits is used up for now."),
    _("Our share of the provider's limits is used up."),
    _("The account has no key."),
    _("Only a part of the list could be read."),
    _("Our own error: %(kind)s."),
    _("The provider refused (%(status)s)."),
    _("The provider refused (%(status)s): %(words)s"),
    _("The provider could not be reached (%(kind)s)."),
    _("No whole answer came within %(seconds)s seconds."),
    _("The answer was cut off (%(kind)s)."),
    _("The answer could not be read: %(why)s."),
    _("No answer within %(seconds)s seconds."),
    _("No connection, or a certificate that is not the address's."),
    _("The connection broke off (%(kind)s)."),
    _("The name of the address is not known."),
    _("The name leads to an address that is not on the public internet."),
    _("The secret does not open with this keyring."),
    _("%(kind)s at the mail server"),
)
