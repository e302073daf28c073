"""What an audit event keeps is named in a person's words, in the language of whoever reads."""

import pytest
from django.utils import translation

from accounts.trail.fields import NAMES, title


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auto_cancel", "Cancel a rental before it ends empty"),
        ("wallets.Main.low", "Wallets: Main: Low below"),
        ("not_named_yet", "Not named yet"),
        ("", ""),
    ],
)
def test_a_name(name: str, expected: str) -> None:
    assert title(name) == expected


def test_each_is_named_in_the_other_language() -> None:
    with translation.override("pl"):
        same = [name for name in NAMES if title(name) == str(name)]
        assert title("roles") == "Role"
    assert same == []
