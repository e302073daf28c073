"""What addresses ask for."""

from django.http import QueryDict


def clean(query: QueryDict) -> QueryDict:
    """The same, without the signs that neither a filter nor the database can hold."""
    cleaned = query.copy()
    for name, values in cleaned.lists():
        cleaned.setlist(name, [value.replace("\0", "") for value in values])
    return cleaned
