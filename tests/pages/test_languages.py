"""Each person reads in their own language, and what machines read is the same in all."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.amounts import AmountField
from accounts.models import ConsoleRequest, ProviderAccount, SentRequest, User
from accounts.password_mail import mail_link
from accounts.states import Lane, Verdict
from alerts import conditions
from alerts.letters import compose
from alerts.models import Alert, Letter
from alerts.sentences import SENTENCES as of_alerts  # noqa: N811
from alerts.states import How, Kind, News, Severity
from ledger.models import ReconciliationException, Transfer
from ledger.retelling import retold
from ledger.sentences import SENTENCES as of_ledger  # noqa: N811
from ledger.states import ExceptionKind, TransferKind
from rentals.operations import ask_for_more, mailing
from rentals.sentences import SENTENCES as of_rentals  # noqa: N811
from rentals.states import BudgetPeriod, RentalState
from tests.factories import make_budget, make_offer, make_rental
from tests.ledger.pages.making import make_transfer, make_wallet
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

SPACE = "\N{NO-BREAK SPACE}"
PROFILE = {"name": "", "time_zone": "", "hotkeys": "on"}


def reads(person: User, language: str) -> None:
    User.objects.filter(pk=person.pk).update(language=language)


def choose(client: Client, language: str) -> Any:
    return client.post(reverse("profile"), {**PROFILE, "language": language}, follow=True)


def lang(response: Any) -> str:
    found = re.search(r'<html lang="([^"]+)"', response.text)
    assert found
    return found[1]


def test_a_person_chooses_and_is_answered_in_it_at_once(world: World) -> None:
    client = signed_in(world.member)
    assert lang(client.get(reverse("profile"))) == "en"
    done = choose(client, "pl")
    assert lang(done) == "pl"
    assert done.headers["Content-Language"] == "pl"
    assert "Zapisano profil." in words(done)
    world.member.user.refresh_from_db()
    assert world.member.user.language == "pl"
    assert "Trwające" in words(client.get(page("board", world.team)))
    assert lang(signed_in(world.colleague).get(page("board", world.team))) == "en"
    assert "Your profile is kept." in words(choose(client, ""))


def test_a_language_that_there_is_not_is_refused(world: World) -> None:
    client = signed_in(world.member)
    refused = client.post(reverse("profile"), {**PROFILE, "name": "Ada", "language": "xx"})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    world.member.user.refresh_from_db()
    assert (world.member.user.language, world.member.user.name) == ("", "")


@pytest.mark.parametrize(
    ("browser", "answered"),
    [("pl-PL,pl;q=0.9,en;q=0.5", "pl"), ("de,pl;q=0.3", "pl"), ("de", "en"), ("", "en")],
)
def test_the_browser_says_it_until_somebody_has_chosen(
    world: World, browser: str, answered: str
) -> None:
    headers = {"Accept-Language": browser}
    assert lang(Client().get(reverse("account_login"), headers=headers)) == answered
    client = signed_in(world.member)
    address = page("board", world.team)
    assert lang(client.get(address, headers=headers)) == answered
    reads(world.member.user, "en")
    assert lang(client.get(address, headers=headers)) == "en"
    reads(world.member.user, "pl")
    asked = client.get(address, headers=headers)
    assert lang(asked) == "pl"
    assert "Accept-Language" in asked.headers["Vary"]


def test_what_is_not_there_is_said_in_the_readers_language(world: World) -> None:
    reads(world.member.user, "pl")
    client = signed_in(world.member)
    missing = client.get(page("rental_detail", world.team, rental=999_999_999))
    assert missing.status_code == HTTPStatus.NOT_FOUND
    assert "Nic tu nie ma" in missing.text
    denied = client.get(page("people", world.team))
    assert denied.status_code == HTTPStatus.FORBIDDEN
    assert lang(denied) == "pl"


def test_a_rental_that_two_follow_is_told_to_each_in_their_own(world: World) -> None:
    world.team.shares_board = True
    world.team.save()
    rental = make_rental(world.member, world.gig)
    reads(world.member.user, "pl")
    card = page("rental_card", world.team, rental=rental.pk)
    polish, english = signed_in(world.member), signed_in(world.colleague)
    for _time in range(2):  # whoever comes second gets nothing of the first one's
        assert "Czeka na SMS" in words(polish.get(card))
        assert "Waiting for SMS" in words(english.get(card))


def test_amounts_and_days_are_written_as_the_language_does(world: World) -> None:
    wallet = make_wallet(account=world.gig, balance="1234.56")
    make_transfer(wallet, TransferKind.DEPOSIT, "1000000.5", at=timezone.now())
    address = page("wallet_detail", world.team, wallet=wallet.pk)
    assert "1,001,235.06" in words(signed_in(world.finance).get(address))
    reads(world.finance.user, "pl")
    told = words(signed_in(world.finance).get(address))
    assert "1 001 235,06" in told  # words() makes any space a plain one
    assert "1,001,235" not in told


def test_lists_are_counted_in_three_forms(world: World) -> None:
    reads(world.member.user, "pl")
    client = signed_in(world.member)
    for expected in ("1 wynajem", "2 wynajmy", "3 wynajmy", "4 wynajmy", "5 wynajmów"):
        make_rental(world.member, world.gig, RentalState.FINISHED)
        assert expected in words(client.get(page("rental_list", world.team)))


@pytest.mark.parametrize(
    ("language", "typed", "amount"),
    [
        ("pl", "1,50", "1.50"),
        ("pl", "1.50", "1.50"),
        ("pl", "1 234,5", "1234.5"),
        ("pl", f"1{SPACE}234{SPACE}567,5", "1234567.5"),
        ("pl", "1.234,50", None),
        ("pl", "1 23,5", None),
        ("pl", "1,2,3", None),
        ("en", "1.50", "1.50"),
        ("en", "1,50", None),
    ],
)
def test_an_amount_is_typed_as_the_language_writes_it(
    language: str, typed: str, amount: str | None
) -> None:
    field = AmountField(max_digits=18, decimal_places=4)
    with translation.override(language):
        if amount is not None:
            assert field.clean(typed) == Decimal(amount)
        else:
            with pytest.raises(Exception, match="") as refused:
                field.clean(typed)
            assert type(refused.value).__name__ == "ValidationError"


def test_a_figure_in_a_form_is_shown_as_it_would_be_typed() -> None:
    field = AmountField()
    with translation.override("pl"):
        assert field.prepare_value("1.50") == "1,50"
        assert field.prepare_value(Decimal("0.45")) == "0,45"
        assert field.prepare_value("one") == "one"
    assert field.prepare_value("1.50") == "1.50"


def test_a_deposit_in_polish_is_booked_to_the_cent(world: World) -> None:
    wallet = make_wallet(account=world.villa, at=timezone.now() - timedelta(days=3))
    form = {"amount": "1 234,56", "day": timezone.localdate().isoformat(), "reason": "Przelew 17"}
    address = page("deposit_create", world.team, wallet=wallet.pk)
    refused = signed_in(world.finance).post(address, form)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY  # in English that is no amount
    deposits = Transfer.objects.filter(wallet=wallet, kind=TransferKind.DEPOSIT)
    assert not deposits.exists()
    reads(world.finance.user, "pl")
    assert signed_in(world.finance).post(address, form).status_code == HTTPStatus.FOUND
    assert deposits.get().amount == Decimal("1234.56")


def test_a_file_has_plain_figures_under_polish_heads(world: World) -> None:
    wallet = make_wallet(account=world.gig, balance="1234.56")
    make_transfer(wallet, amount="1000.25", at=timezone.now())
    reads(world.finance.user, "pl")
    address = page("statement_export", world.team, wallet=wallet.pk)
    response = signed_in(world.finance).get(address)
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "Kwota" in text
    assert "1000.25" in text
    assert SPACE not in text


def letter(world: World, account: ProviderAccount) -> Letter:
    """About an alert, in the words that a worker keeps."""
    alert = Alert.objects.create(
        team=world.team,
        kind=Kind.LOW_WALLET,
        subject=f"account:{account.pk}",
        severity=Severity.WARNING,
        title="Main is low",
        detail="It holds USD 1,000.00; the limit is USD 2,500.50.",
        link="/",
        opened_at=timezone.now(),
    )
    return Letter.objects.create(
        membership=world.finance,
        alert=alert,
        news=News.OPENED,
        how=How.AT_ONCE,
        made_at=timezone.now(),
        due_at=timezone.now(),
    )


def test_an_alert_goes_out_in_the_language_of_whoever_gets_it(world: World) -> None:
    about = letter(world, world.gig)
    english = compose(world.finance, How.AT_ONCE, [about])
    assert "It holds USD 1,000.00" in str(english.body)
    world.finance.user.language = "pl"
    polish = compose(world.finance, How.AT_ONCE, [about])
    assert str(polish.subject).endswith("Niskie saldo: Main")
    assert f"Saldo wynosi USD 1{SPACE}000,00; próg to USD 2{SPACE}500,50." in str(polish.body)
    assert '<html lang="pl">' in str(polish.alternatives[0][0])
    assert translation.get_language() == "en"


def test_each_admin_is_asked_in_their_own(world: World) -> None:
    budget = make_budget(world.team, world.admin.user, period=BudgetPeriod.MONTH)
    now = timezone.now()
    request = ask_for_more(
        membership=world.member, budget=budget, amount=Decimal("1234.5"), reason="More", now=now
    )
    reads(world.admin.user, "pl")
    assert mailing.mail_request(request.pk, now=now)
    [message] = mail.outbox
    assert "prosi o USD 1 234,50 więcej" in message.subject
    assert "Powód: More" in message.body


def test_a_forgotten_password_is_answered_in_the_chosen_language(world: World) -> None:
    reads(world.member.user, "pl")
    mail_link(world.member.user.pk)
    [message] = mail.outbox
    assert "hasł" in message.body


def test_charts_are_drawn_alike_in_each_language(world: World) -> None:
    """Points of an SVG are figures with a point, whoever looks."""
    make_rental(world.member, world.gig, RentalState.RECEIVED, charged=Decimal("1.25"))
    make_offer(world.gig, price=Decimal("1234.5"))
    client, address = signed_in(world.finance), page("spend", world.team)
    drawn = []
    for language in ("en", "pl"):
        reads(world.finance.user, language)
        text = client.get(address).text
        drawn.append(re.findall(r'\s(?:d|points|x|y|width|height|viewBox)="([^"]*)"', text))
    assert drawn[0] == drawn[1]
    assert drawn[0]


def test_what_is_kept_is_in_english_and_told_to_each_in_their_own(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.IN_DOUBT)
    reads(world.finance.user, "pl")
    polish = signed_in(world.finance)
    form = {"outcome": "charged", "amount": "2,50", "reason": "Ich wsparcie tak mówi."}
    address = page("doubt_decide", world.team, rental=rental.pk)
    assert polish.post(address, form).status_code == HTTPStatus.FOUND
    exception = ReconciliationException.objects.get(kind=ExceptionKind.ABOVE_HOLD)
    assert exception.detail == "USD 2.50 instead of USD 0.45 was charged."
    shown = page("exception_detail", world.team, exception=exception.pk)
    assert "Naliczono USD 2,50 zamiast USD 0,45." in words(polish.get(shown))
    reads(world.finance.user, "en")
    assert exception.detail in words(polish.get(shown))


KEPT = "The provider did not answer as it documents (500)."
TOLD = "Dostawca odpowiedział inaczej, niż mówi jego dokumentacja (500)."


def _catalogue(world: World) -> str:
    world.gig.catalogue_problem = KEPT
    world.gig.save()
    return page("provider_account", world.team, account=world.gig.pk)


def _choosing(world: World) -> str:
    _catalogue(world)
    return page("board", world.team)


def _log(world: World) -> str:
    SentRequest.objects.create(
        account=world.gig,
        at=timezone.now(),
        lane=Lane.CATALOGUE,
        call="services",
        method="GET",
        path="/s1/services",
        milliseconds=40,
        bytes=0,
        status=500,
        verdict=Verdict.UNAVAILABLE,
        detail=KEPT,
    )
    return page("provider_account_requests", world.team, account=world.gig.pk)


def _console(world: World) -> str:
    sent = ConsoleRequest.objects.create(
        id=uuid4(),
        account=world.gig,
        actor=world.admin.user,
        at=timezone.now(),
        title="Balance",
        answered_at=timezone.now(),
        verdict=Verdict.UNAVAILABLE,
        detail=KEPT,
    )
    return page("console_answer", world.team, account=world.gig.pk, answer=sent.pk)


@pytest.mark.parametrize("made", [_catalogue, _choosing, _log, _console])
def test_what_a_provider_did_is_told_in_the_readers_language(
    world: World, made: Callable[[World], str]
) -> None:
    reads(world.admin.user, "pl")
    said = words(signed_in(world.admin).get(made(world)))
    assert TOLD in said
    assert KEPT not in said


def test_why_a_mail_could_not_be_sent_is_told_in_the_readers_language(world: World) -> None:
    now = timezone.now()
    alert = Alert.objects.create(
        team=world.team, kind=Kind.IN_DOUBT, severity=Severity.WARNING, opened_at=now
    )
    Letter.objects.create(
        alert=alert,
        membership=world.admin,
        news=News.OPENED,
        how=How.AT_ONCE,
        made_at=now,
        due_at=now,
        problem="SMTPServerDisconnected at the mail server",
    )
    reads(world.admin.user, "pl")
    said = words(signed_in(world.admin).get(page("alert_mail", world.team)))
    assert "SMTPServerDisconnected na serwerze poczty" in said


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("Nothing that is open explains it.", "Nic z tego, co jest otwarte, tego nie wyjaśnia."),
        (
            "The provider says USD 1,234.50 more than the book. Nothing that is open explains it.",
            f"Dostawca podaje o USD 1{SPACE}234,50 więcej niż księga. "
            "Nic z tego, co jest otwarte, tego nie wyjaśnia.",
        ),
        ("Webhooks of Wallet have gone quiet", "Webhooki konta Wallet zamilkły"),
        ("It failed for days.", "Błędy trwały przez wiele dni."),
        (
            "Something other than the provider seems to have answered (502).",
            "Wygląda na to, że odpowiedział ktoś inny niż dostawca (502).",
        ),
        (
            "The answer was cut off (ReadError) (200).",
            "Odpowiedź została urwana (ReadError) (200).",
        ),
        ("What somebody wrote (200).", None),
        ("What somebody wrote. Nothing that is open explains it.", None),
        ("", ""),
    ],
)
def test_a_kept_sentence_is_retold(kept: str, told: str | None) -> None:
    assert retold(kept) == kept
    with translation.override("pl"):
        assert retold(kept) == (kept if told is None else told)


@pytest.mark.parametrize("sentence", [*of_alerts, *of_ledger, *of_rentals])
def test_every_sentence_that_is_kept_has_its_translation(sentence: str) -> None:
    with translation.override("pl"):
        assert translation.gettext(sentence) != sentence


def test_alerts_are_worded_as_they_are_registered() -> None:
    """Each sentence with places that a condition writes is known to whoever retells it."""
    source = "".join(path.read_text() for path in Path(conditions.__file__).parent.glob("*.py"))
    written = set(re.findall(r'_\(\s*"([^"]*%\([^"]*)"', source))
    assert written == set(of_alerts)
