from alerts.models.alerts import Alert, Watch
from alerts.models.limits import TeamLimits, WalletLimits
from alerts.models.mail import Letter, MailChoice

__all__ = ["Alert", "Letter", "MailChoice", "TeamLimits", "WalletLimits", "Watch"]
