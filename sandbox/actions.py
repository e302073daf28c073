"""What the control can do: one function each, from named fields to a JSON answer."""

from collections.abc import Callable
from urllib.parse import urlsplit

from sandbox import views
from sandbox.core import Sandbox
from sandbox.faults import build
from sandbox.fields import Fields
from sandbox.money import to_mills
from sandbox.views import Json

_SWITCH_FIELDS = ("provider", "fault", "wallet_id", "times", "options")

_LONGEST_TTL = 30 * 24 * 3600


class NotFound(LookupError):
    """What the address names does not exist."""


def open_wallet(sandbox: Sandbox, fields: Fields) -> Json:
    wallet = sandbox.wallets.open(
        provider=fields.provider(),
        name=fields.text("name", "another"),
        deposit=to_mills(fields.amount("balance")) if fields.has("balance") else 0,
        keys=(fields.text("key"),) if fields.has("key") else (),
    )
    return views.wallet(sandbox, wallet)


def add_key(sandbox: Sandbox, fields: Fields) -> Json:
    wallet_id = fields.number("wallet_id")
    sandbox.wallets.add_key(wallet_id, secret=fields.text("key", ""))
    return _wallet(sandbox, wallet_id)


def revoke_key(sandbox: Sandbox, fields: Fields) -> Json:
    key_id = fields.number("key_id")
    if not sandbox.wallets.revoke_key(key_id):
        raise NotFound(f"There is no key {key_id}.")
    return {"revoked": key_id}


def top_up(sandbox: Sandbox, fields: Fields) -> Json:
    wallet_id = fields.number("wallet_id")
    sandbox.top_up(wallet_id, fields.amount("amount"))
    return _wallet(sandbox, wallet_id)


def buy_outside(sandbox: Sandbox, fields: Fields) -> Json:
    activation = sandbox.buy_outside(
        fields.number("wallet_id"), service_code=fields.text("service_code", "whatsapp")
    )
    return views.activation(sandbox, activation)


def set_webhook(sandbox: Sandbox, fields: Fields) -> Json:
    """Without `url` no webhook is sent any more."""
    wallet_id, url = fields.number("wallet_id"), fields.text("url", "")
    if url and not _is_web_address(url):
        raise ValueError("url must be an http or https address.")
    sandbox.wallets.set_webhook(wallet_id, url)
    return _wallet(sandbox, wallet_id)


def set_limits(sandbox: Sandbox, fields: Fields) -> Json:
    """Requests a minute and a day; 0 is without limit. Every window starts empty."""
    wallet_id = fields.number("wallet_id")
    wallet = sandbox.wallets.get(wallet_id)
    per_minute = fields.number("per_minute", wallet.per_minute)
    per_day = fields.number("per_day", wallet.per_day)
    sandbox.wallets.set_limits(wallet_id, per_minute=per_minute, per_day=per_day)
    sandbox.limits.forget()
    return _wallet(sandbox, wallet_id)


def send_sms(sandbox: Sandbox, fields: Fields) -> Json:
    messages = sandbox.send_sms(
        fields.provider(),
        fields.number("activation_id"),
        code=fields.text("code", ""),
        text=fields.text("text", ""),
        copies=fields.number("copies", 1, least=1, most=100),
        webhook=fields.flag("webhook", True),
        force=fields.flag("force", False),
    )
    return {"messages": [views.message(message) for message in messages]}


def forge(sandbox: Sandbox, fields: Fields) -> Json:
    message_id = sandbox.forge(
        fields.provider(), fields.number("activation_id"), code=fields.text("code", "")
    )
    return {"message_id": message_id}


def expire(sandbox: Sandbox, fields: Fields) -> Json:
    activation = sandbox.expire(fields.provider(), fields.number("activation_id"))
    return views.activation(sandbox, activation)


def change_service(sandbox: Sandbox, fields: Fields) -> Json:
    price = to_mills(fields.amount("price")) if fields.has("price") else None
    if price == 0:
        raise ValueError("price must be over 0.")
    service = sandbox.catalogue.change(
        fields.provider(),
        fields.text("service_code"),
        price=price,
        ttl=fields.maybe_number("ttl", least=1, most=_LONGEST_TTL),
        stock=fields.maybe_number("stock"),
        multiple_sms=fields.maybe_flag("multiple_sms"),
    )
    return views.service(service)


def switch_on(sandbox: Sandbox, fields: Fields) -> Json:
    """Options are named beside the others, or in an object `options`."""
    inner = fields.others().get("options", {})
    if not isinstance(inner, dict):
        raise ValueError("options must be an object.")
    provider, wallet_id = fields.provider(), fields.maybe_number("wallet_id")
    if wallet_id is not None and sandbox.wallets.get(wallet_id).provider is not provider:
        raise ValueError(f"Wallet {wallet_id} is not at {provider.label}.")
    name, options = fields.text("fault"), fields.others(*_SWITCH_FIELDS) | inner
    build(name, options)
    switch = sandbox.switches.on(
        provider,
        name,
        wallet_id=wallet_id,
        times=fields.maybe_number("times"),
        **options,
    )
    return views.switch(switch)


def switch_off(sandbox: Sandbox, fields: Fields) -> Json:
    switch_id = fields.number("switch_id")
    if not sandbox.switches.off(switch_id):
        raise NotFound(f"No fault {switch_id} is on.")
    return {"off": switch_id}


def all_off(sandbox: Sandbox, fields: Fields) -> Json:
    sandbox.switches.all_off()
    return {"off": "all"}


def advance(sandbox: Sandbox, fields: Fields) -> Json:
    sandbox.advance(fields.seconds("seconds"))
    return {"now": views.moment(sandbox.clock.now_ms())}


def reset(sandbox: Sandbox, fields: Fields) -> Json:
    sandbox.reset(wallets=fields.flag("wallets", False))
    return views.state(sandbox)


Action = Callable[[Sandbox, Fields], Json]

_ACTIVATION = "/control/{provider}/activations/{activation_id}"

ACTIONS: dict[str, Action] = {
    "/control/wallets": open_wallet,
    "/control/wallets/{wallet_id}/keys": add_key,
    "/control/wallets/{wallet_id}/top-up": top_up,
    "/control/wallets/{wallet_id}/purchase": buy_outside,
    "/control/wallets/{wallet_id}/webhook": set_webhook,
    "/control/wallets/{wallet_id}/limits": set_limits,
    "/control/keys/{key_id}/revoke": revoke_key,
    f"{_ACTIVATION}/sms": send_sms,
    f"{_ACTIVATION}/forge": forge,
    f"{_ACTIVATION}/expire": expire,
    "/control/{provider}/services/{service_code}": change_service,
    "/control/faults": switch_on,
    "/control/faults/off": all_off,
    "/control/faults/{switch_id}/off": switch_off,
    "/control/clock/advance": advance,
    "/control/reset": reset,
}


def _is_web_address(url: str) -> bool:
    try:
        parsed = urlsplit(url)
        port = parsed.port
    except ValueError:
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.hostname) and port != 0


def _wallet(sandbox: Sandbox, wallet_id: int) -> Json:
    return views.wallet(sandbox, sandbox.wallets.get(wallet_id))
