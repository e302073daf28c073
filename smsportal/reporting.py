"""Errors are reported to Sentry where the operator names one; no secret goes along."""

from typing import Any

import sentry_sdk

from smsportal.logs import WithoutTokens


def report_to(dsn: str) -> None:
    """Report unhandled errors. Without local variables, bodies, cookies and people's addresses."""
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        trace_propagation_targets=[],  # else providers and teams' webhooks get ids of ours
        before_send=_without_tokens,
    )


def _without_tokens(event: Any, hint: dict[str, Any]) -> Any:
    """Mask the tokens of invitations, password resets and webhooks in the request's address.

    What was searched for goes no further: it may be a phone number.
    """
    request = event.get("request", {})
    if isinstance(request.get("url"), str):
        request["url"] = WithoutTokens.TOKENS.sub(r"\1…", request["url"].partition("?")[0])
    for part in ("query_string", "headers", "cookies"):
        request.pop(part, None)
    return event
