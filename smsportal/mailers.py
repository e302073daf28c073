"""Where e-mail goes, from one address in the environment."""

from typing import Any, Final

from environ import Env, ImproperlyConfigured

SMTP: Final = "django.core.mail.backends.smtp.EmailBackend"
PATIENCE: Final = 20  # seconds: a mail server that hangs keeps nobody waiting for good


def mailer(url: str, *, patience: float = PATIENCE) -> dict[str, Any]:
    """An entry of MAILERS, from `smtp+tls://user:password@host:587`, `smtp+ssl://…` or `smtp://…`.

    `consolemail://` prints it, `filemail:folder` writes files, `memorymail://` is for tests.
    `patience`: seconds. Raises ImproperlyConfigured or ValueError where it is none of these.
    """
    said = Env.email_url_config(url)
    options: dict[str, Any] = {}
    if said["EMAIL_BACKEND"] == SMTP:
        if not said["EMAIL_HOST"]:
            raise ImproperlyConfigured("It names no mail server.")
        options = {
            "host": said["EMAIL_HOST"],
            "port": said["EMAIL_PORT"],
            "username": said["EMAIL_HOST_USER"],
            "password": said["EMAIL_HOST_PASSWORD"],
            "use_tls": said.get("EMAIL_USE_TLS", False),
            "use_ssl": said.get("EMAIL_USE_SSL", False),
            "timeout": patience,
        }
    elif said["EMAIL_FILE_PATH"]:
        options = {"file_path": said["EMAIL_FILE_PATH"]}
    return {"BACKEND": said["EMAIL_BACKEND"], "OPTIONS": options}
