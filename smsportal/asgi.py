"""One entry point, three lanes by path: webhooks, event streams, and Django's pages.

The first two are plain ASGI applications, because Django's handler keeps a thread for each
open stream and its middleware costs more than a webhook's whole work.
"""

import logging
import os
import warnings
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsportal.settings")
os.environ.setdefault("DATABASE_POOL", "10")

django.setup(set_prefix=False)

from rentals.hooks import hooks  # noqa: E402  (needs the applications to be loaded)
from rentals.live import live  # noqa: E402
from smsportal.lifespan import Lifespan  # noqa: E402
from smsportal.pages import Pages  # noqa: E402
from smsportal.settling import settle  # noqa: E402

pages = Pages()
lifespan = Lifespan(hooks, live)

# WhiteNoise hands its files over as plain iterators; they are small, and Django reads them whole.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

# A webhook's address is a secret: no log of addresses, whatever the server was started with.
access_log = logging.getLogger("uvicorn.access")
access_log.handlers.clear()
access_log.propagate = False
logging.getLogger("uvicorn.error").addFilter(lambda line: "WebSocket" not in str(line.msg))

settle()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close"})  # there are none here: a 403
    elif scope["path"].startswith("/hooks/"):
        await hooks(scope, receive, send)
    elif scope["path"].startswith("/live/"):
        await live(scope, receive, send)
    else:
        await pages(scope, receive, send)
