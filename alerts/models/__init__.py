from alerts.models.alerts import Alert, Watch
from alerts.models.limits import TeamLimits, WalletLimits

__all__ = ["Alert", "TeamLimits", "WalletLimits", "Watch"]
