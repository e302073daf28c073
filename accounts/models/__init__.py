from accounts.models.audit import AuditEvent
from accounts.models.columns import HiddenColumns
from accounts.models.console import ConsoleRequest
from accounts.models.invitations import Invitation
from accounts.models.providers import ProviderAccount, ProviderKey, RequestCount, SentRequest
from accounts.models.saved_views import DefaultView, SavedView
from accounts.models.secrets import SealedSecret
from accounts.models.teams import Membership, Team
from accounts.models.users import User

__all__ = [
    "AuditEvent",
    "ConsoleRequest",
    "DefaultView",
    "HiddenColumns",
    "Invitation",
    "Membership",
    "ProviderAccount",
    "ProviderKey",
    "RequestCount",
    "SavedView",
    "SealedSecret",
    "SentRequest",
    "Team",
    "User",
]
