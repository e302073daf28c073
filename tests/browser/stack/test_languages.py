"""A member reads Polish: chosen on the profile, and then wherever something is told, live too."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.states import Role
from rentals.states import RentalState
from tests.browser.looks import inspect
from tests.browser.stack.conftest import Desk
from tests.factories import make_member, make_rental

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SPACE = "\N{NO-BREAK SPACE}"


def test_polish_is_chosen_and_a_rental_is_lived_in_it(desk: Desk) -> None:
    page = desk.page()
    page.goto("/profile/")
    page.get_by_label("Language").select_option("pl")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Zapisano profil.")
    assert page.locator("html").get_attribute("lang") == "pl"
    page.goto(desk.board)
    page.get_by_role("searchbox", name="Szukaj usług").fill("whats")
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.get_by_role("button", name="Wynajmij", exact=False).last.click()
    card = page.locator("#live .rental").first
    expect(card).to_contain_text("Czeka na SMS")
    desk.sms(desk.rental(), "482913")
    expect(card.get_by_role("button", name="Kopiuj kod 482913")).to_be_visible()
    expect(card).to_contain_text("Kod otrzymany")
    expect(page.locator("#announcer")).to_contain_text("4 8 2 9 1 3")
    card.get_by_role("button", name="Zakończ").click()
    expect(card).to_contain_text("Zakończono")


@pytest.mark.timeout(300)
def test_lists_are_counted_and_amounts_written_in_polish(desk: Desk) -> None:
    finance = make_member(desk.team, Role.FINANCE)
    finance.user.language = "pl"
    finance.user.save()
    page = desk.page(desk.context(finance))
    account, history = desk.accounts["smsgig"], f"{desk.board}rentals/"
    for count in (2, 5):
        while desk.team.rentals.count() < count:
            make_rental(desk.membership, account, RentalState.FINISHED, charged=Decimal("1234.56"))
        page.goto(history)
        said = {2: "2 wynajmy", 5: "5 wynajmów"}[count]
        expect(page.locator("#count")).to_contain_text(said)
    expect(page.locator("#results")).to_contain_text(f"1{SPACE}234,56")
    wrong = []
    for name in ("", "rentals/", "spend/", "wallets/", "refunds/", "exceptions/", "budgets/"):
        page.goto(f"{desk.board}{name}")
        wrong += inspect(page, f"pl-{name.strip('/') or 'board'}")
    page.goto("/profile/")
    wrong += inspect(page, "pl-profile")
    assert wrong == []
