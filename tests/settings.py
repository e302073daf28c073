"""The project's settings on this test run's own servers, and on a secret of its own."""

import os

from smsportal import keyfiles
from smsportal.embedded import addresses
from tests import slots

DATA = slots.data()
keyfiles.make_missing(DATA, {})
os.environ.update(
    DATA_DIR=str(DATA),
    DATABASE_URL=addresses.database_url(DATA, f"test_{slots.worker()}"),
    REDIS_URL=addresses.redis_url(DATA, slots.worker()),
    PUBLIC_URL="http://localhost",
    EMAIL_URL="memorymail://",
)
for name in ("SECRET_KEY", "KEYRING", "KEYRING_FILE", "DEBUG", "DESIGN_PAGE", "SENTRY_DSN"):
    os.environ.pop(name, None)

from smsportal.settings import *  # noqa: E402, F403 - they read the environment

# Of nobody: processes that tests start collect into the usual one, while others look through it.
STATIC_ROOT = DATA / "unstyled"
STATIC_ROOT.mkdir(exist_ok=True)
PASSWORD_HASHERS = ["tests.hashers.OneRound"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
