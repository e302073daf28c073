"""What an operator types, what it prints, and that what goes wrong is one clear line."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import ProviderAccount, ProviderKey, Team, User
from accounts.secrets.hook_tokens import hook_address
from accounts.states import Role
from sandbox.core import Sandbox
from tests.accounts.conftest import Keyrings
from tests.accounts.making import make_member, make_provider_account, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> "Typing":
    return Typing(monkeypatch)


class Typing:
    """Runs commands with something on standard input; gives what they print."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.errors = ""

    def __call__(self, *words: str, stdin: str = "") -> str:
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        out, err = io.StringIO(), io.StringIO()
        call_command(*words, stdout=out, stderr=err)
        self.errors = err.getvalue()
        return out.getvalue().strip()


def test_a_team_with_its_people_from_the_command_line(types: Typing) -> None:
    assert types("create_team", "Growth QA") == "team slug=growth-qa"
    said = types(
        "add_member", "growth-qa", "Ada@Example.org", "--role", "admin", "--role", "member",
        "--password-stdin", stdin="correct horse battery\n",
    )  # fmt: skip
    assert said == "member email=ada@example.org roles=member,admin team=growth-qa"
    assert User.objects.get().check_password("correct horse battery")
    assert Client().login(email="ada@example.org", password="correct horse battery")


def test_a_new_person_without_a_password_gets_a_link_that_works(types: Typing) -> None:
    make_member(Team.objects.create(name="QA", slug="qa"), Role.ADMIN)
    said = types("add_member", "qa", "new@example.org", "--role", "member")
    link = dict(pair.split("=", 1) for pair in said.split()[1:])["set_password"]
    assert link.startswith("http://localhost/account/password/reset/key/")
    client = Client()
    form = client.get(link.removeprefix("http://localhost"), follow=True)
    assert form.status_code == 200
    passwords = {"password1": "correct horse 1", "password2": "correct horse 1"}
    client.post(form.redirect_chain[-1][0], passwords)
    assert User.objects.get(email="new@example.org").check_password("correct horse 1")


def test_a_member_is_given_further_roles_and_keeps_their_password(types: Typing) -> None:
    member = make_member(make_team(), Role.MEMBER)
    password = member.user.password
    said = types(
        "add_member", member.team.slug, member.user.email, "--role", "finance",
        "--password-stdin", stdin="another password\n",
    )  # fmt: skip
    assert "roles=member,finance" in said
    assert "keeps the password" in types.errors
    member.user.refresh_from_db()
    assert member.user.password == password


def test_a_provider_account_from_the_command_line(types: Typing, sandbox: Sandbox) -> None:
    team, key = make_team(), sandbox.key("smsgig")
    said = types(
        "add_provider_account", team.slug, "smsgig", "--label", "Main", "--key-stdin",
        "--prefix", "s1", stdin=f"{key}\n",
    )  # fmt: skip
    account = ProviderAccount.objects.get()
    webhook = hook_address(account)
    assert said == f"provider_account id={account.pk} balance=50.00USD webhook={webhook}"
    assert account.server_prefix == "s1"
    assert key not in said


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (("create_team", "  "), "", "name"),
        (("add_member", "nobody", "a@example.org", "--role", "member"), "", "no team 'nobody'"),
        (("add_member", "qa", "no-address", "--role", "member"), "", "valid email"),
        (
            ("add_member", "qa", "a@example.org", "--role", "member", "--password-stdin"),
            "short\n",
            "too short",
        ),
        (
            ("add_member", "qa", "a@example.org", "--role", "member", "--password-stdin"),
            "",
            "No password came",
        ),
        (("add_member", "qa", "a@example.org", "--role", "owner"), "", "invalid choice"),
        (("add_member", "qa", "a@example.org"), "", "--role"),
        (
            ("add_provider_account", "qa", "smsgig", "--label", "L", "--key-stdin"),
            "\n",
            "No key came",
        ),
        (
            ("add_provider_account", "qa", "smsgig", "--label", "L", "--key-stdin"),
            "wrong-key\n",
            "does not accept this key",
        ),
        (
            ("add_provider_account", "qa", "smsvilla", "--label=L", "--key-stdin", "--prefix=x"),
            "any-key\n",
            "no server prefixes",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line_and_changes_nothing(
    types: Typing, sandbox: Sandbox, words: tuple[str, ...], stdin: str, says: str
) -> None:
    Team.objects.create(name="QA", slug="qa")
    with pytest.raises(CommandError) as caught:
        types(*words, stdin=stdin)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (Team.objects.count(), User.objects.count()) == (1, 0)
    assert not ProviderAccount.objects.exists()


def test_a_missing_keyring_is_one_clear_line(
    types: Typing, sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    settings.KEYRING_FILE = str(tmp_path / "none")
    team = make_team()
    with pytest.raises(CommandError, match="There is no keyring"):
        types(
            "add_provider_account", team.slug, "smsgig", "--label", "L", "--key-stdin",
            stdin=sandbox.key("smsgig"),
        )  # fmt: skip
    assert not ProviderAccount.objects.exists()


def test_the_keyring_is_rotated_and_says_how_much(types: Typing, use_keys: Keyrings) -> None:
    use_keys("old")
    make_provider_account()
    use_keys("new", "old")
    assert types("rotate_keyring") == "keyring key=new resealed=3 sealed=3"
    assert types("rotate_keyring") == "keyring key=new resealed=0 sealed=3"


def test_the_demo_is_made_once_and_can_be_signed_in_to(
    types: Typing, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_URL", sandbox.url)
    people = dict(line.split() for line in types("make_demo").splitlines())
    assert types.errors == ""
    assert set(people) == {f"{role}@demo.example" for role in ("member", "finance", "admin")}
    for email, password in people.items():
        assert Client().login(email=email, password=password)
    accounts = ProviderAccount.objects.order_by("provider")
    assert [a.provider for a in accounts] == ["smsgig", "smsvilla"]
    for account in accounts:
        assert sandbox.wallet(account.provider).webhook_url == hook_address(account)
    assert types("make_demo") == ""
    assert (ProviderAccount.objects.count(), User.objects.count()) == (2, 3)


def test_the_demo_does_without_a_sandbox(types: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_URL", "http://127.0.0.1:1")
    assert len(types("make_demo").splitlines()) == 3
    assert "were not all added" in types.errors


def test_the_demo_leaves_a_real_provider_alone(
    types: Typing, sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_BASE_URLS = {
        "smsgig": "http://127.0.0.1:1/api/v1",
        "smsvilla": sandbox.smsvilla_url,
    }
    monkeypatch.setenv("SANDBOX_URL", sandbox.url)
    types("make_demo")
    assert ProviderAccount.objects.get().provider == "smsvilla"


def test_the_doctor_is_content(types: Typing, sandbox: Sandbox) -> None:
    make_provider_account(provider="smsgig", key=sandbox.key("smsgig"))
    lines = types("doctor", "--providers").splitlines()
    assert [line.split()[1] for line in lines] == ["ok"] * len(lines)
    assert len(lines) == 10
    assert "balances ok every balance is what its transfers come to" in lines
    assert "refunds ok every sum of refunds is what they come to" in lines
    assert "spend ok every total is what its rentals cost" in lines
    assert "quality ok every total is how well its rentals went" in lines


def test_the_doctor_names_what_is_wrong(
    types: Typing, sandbox: Sandbox, settings: Settings
) -> None:
    account = make_provider_account(provider="smsgig", key="unknown-to-them")
    other = make_provider_account()
    stolen = ProviderKey.objects.get(account=account).sealed
    ProviderKey.objects.filter(account=other).update(sealed=stolen)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    out = io.StringIO()
    with pytest.raises(CommandError, match="4 of the checks"):
        call_command("doctor", "--providers", stdout=out)
    said = {line.split()[0]: line for line in out.getvalue().splitlines()}
    assert "1 of 5 sealed values don't open" in said["keyring"]
    assert said["redis"].startswith("redis problem It does not answer")
    assert "does not accept" in said[f"provider_account:{account.pk}"]
    assert said["database"].startswith("database ok PostgreSQL")
