"""What an operation of this application may say no with. The text is in a person's words.

NotPossible
├── LastAdmin           the team would have nobody to administer it
├── AlreadyMember
├── InvitationGone      unknown, used, revoked or too old
├── NotInvited          the link is for somebody else
├── PasswordTooWeak
├── NameTaken           a label, unique in its team
├── StillInUse          something still runs on the provider account
└── KeyNotAccepted
    ├── WrongKey        the provider does not know it
    ├── NotChecked      the provider could not be asked now: try again
    ├── KeyKnown        an account of this installation has it
    └── OtherWallet     not shown to open the account's own wallet
"""


class NotPossible(Exception):
    """Nothing was changed."""


class LastAdmin(NotPossible):
    pass


class AlreadyMember(NotPossible):
    pass


class InvitationGone(NotPossible):
    pass


class NotInvited(NotPossible):
    pass


class PasswordTooWeak(NotPossible):
    pass


class NameTaken(NotPossible):
    pass


class StillInUse(NotPossible):
    pass


class KeyNotAccepted(NotPossible):
    pass


class WrongKey(KeyNotAccepted):
    pass


class NotChecked(KeyNotAccepted):
    pass


class KeyKnown(KeyNotAccepted):
    pass


class OtherWallet(KeyNotAccepted):
    pass
