"""What requests have in common: how an activation is named, and that nothing empty is sent."""

from providers.reading import identifier


def activation_query(activation_id: str) -> dict[str, str]:
    """Name an activation in a query. Raises Unreadable where it is none: a mistake of ours."""
    return {"activation_id": identifier(activation_id)}


def activation_json(activation_id: str) -> dict[str, str | int]:
    """Name an activation in a JSON body: both documents call it an integer, so send one.

    An id that an integer would change (leading zeros, letters, beyond 18 digits) stays a string.
    """
    named = identifier(activation_id)
    if named.isdigit() and not named.startswith("0") and len(named) <= 18:
        return {"activation_id": int(named)}
    return {"activation_id": named}


def without_empty(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}
