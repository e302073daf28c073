from alerts.models.alerts import Alert, Watch
from alerts.models.hooks import Attempt, Delivery, Endpoint
from alerts.models.limits import TeamLimits, WalletLimits
from alerts.models.mail import Letter, MailChoice

__all__ = [
    "Alert",
    "Attempt",
    "Delivery",
    "Endpoint",
    "Letter",
    "MailChoice",
    "TeamLimits",
    "WalletLimits",
    "Watch",
]
