"""The mail server is left alone for a minute after it failed.

A worker waits for seconds for one that hangs; without this it would do so for each mail anew.
"""

from typing import Final

from accounts.breaker import Breaker

mail_server: Final = Breaker("The mail server", rest=60)
