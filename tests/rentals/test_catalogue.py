"""The catalogue as the provider gives it; what could not be read is not taken for gone."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import ProviderAccount
from accounts.states import KeyState
from rentals import operations
from rentals.models import Offer
from rentals.operations import catalogue
from tests.factories import make_offer
from tests.rentals.scene import Scene, SetScene
from tests.rentals.times import Times


def refreshed(scene: Scene) -> int:
    count = operations.refresh_catalogue(account=scene.account)
    scene.account = ProviderAccount.objects.get(pk=scene.account.pk)
    return count


def offered(scene: Scene) -> set[str]:
    offers = Offer.objects.filter(account=scene.account, gone_at__isnull=True)
    return set(offers.values_list("service_code", flat=True))


def sold(scene: Scene) -> set[str]:
    return {service.code for service in scene.sandbox.catalogue.all(scene.provider)}


@pytest.mark.parametrize(("provider", "count", "pages"), [("smsgig", 360, 4), ("smsvilla", 48, 1)])
def test_every_service_is_read(
    scene: SetScene, times: Times, provider: str, count: int, pages: int
) -> None:
    it = scene(provider)
    make_offer(it.account, service_code="bygone")
    times.move(1)
    assert refreshed(it) == count
    assert offered(it) == sold(it)
    assert it.asked("/services") == pages
    assert it.account.catalogue_problem == ""
    assert it.account.catalogue_read_at is not None
    gone = Offer.objects.get(account=it.account, service_code="bygone")
    assert gone.gone_at is not None


def test_what_comes_back_is_no_longer_gone_and_keeps_its_row(villa: Scene, times: Times) -> None:
    refreshed(villa)
    pk = Offer.objects.get(account=villa.account, service_code="gmail").pk
    Offer.objects.filter(pk=pk).update(gone_at=times.now(), price=1)
    times.move(1)
    refreshed(villa)
    again = Offer.objects.get(account=villa.account, service_code="gmail")
    assert (again.pk, again.price) == (pk, Decimal(600))
    assert again.gone_at is None


@pytest.fixture
def gig(scene: SetScene) -> Scene:
    return scene("smsgig")


@pytest.fixture
def villa(scene: SetScene) -> Scene:
    return scene("smsvilla")


def test_a_server_that_ignores_the_page_makes_nothing_gone(gig: Scene, times: Times) -> None:
    refreshed(gig)
    gig.fault("ignore-page")
    times.move(1)
    assert refreshed(gig) == 100
    assert offered(gig) == sold(gig)
    assert "part" in gig.account.catalogue_problem
    assert gig.asked("/services") < 10


def failing_after(
    gig: Scene, monkeypatch: pytest.MonkeyPatch, pages: int, fault: str, **options: Any
) -> None:
    """The fault strikes when so many pages were asked for."""
    take = gig.sandbox.switches.take

    def failing_later(kind: Any, wallet: Any, *, endpoint: str = "") -> Any:
        if endpoint == "services" and gig.asked("/services") == pages + 1:
            gig.fault(fault, endpoint="services", **options)
        return take(kind, wallet, endpoint=endpoint)

    monkeypatch.setattr(gig.sandbox.switches, "take", failing_later)


def test_a_list_that_can_not_be_read_at_all_changes_nothing(gig: Scene, times: Times) -> None:
    make_offer(gig.account, service_code="bygone")
    before = offered(gig)
    read_at = gig.account.catalogue_read_at
    times.move(1)
    gig.fault("error", endpoint="services", status=500)
    assert refreshed(gig) == 0
    assert offered(gig) == before
    assert gig.account.catalogue_problem
    assert gig.account.catalogue_read_at == read_at


@pytest.mark.parametrize(
    ("fault", "options"), [("error", {"status": 500}), ("too-many-requests", {"times": 1})]
)
def test_what_was_read_of_a_list_before_it_failed_is_kept_and_nothing_is_gone(
    gig: Scene,
    times: Times,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    options: dict[str, Any],
) -> None:
    make_offer(gig.account, service_code="bygone")
    times.move(1)
    failing_after(gig, monkeypatch, 2, fault, **options)
    assert refreshed(gig) == 200
    assert "bygone" in offered(gig) and len(offered(gig)) == 201
    assert "part" in gig.account.catalogue_problem


def test_a_page_that_fails_once_is_asked_for_again(
    gig: Scene, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_after(gig, monkeypatch, 2, "error", status=500, times=1)
    assert refreshed(gig) == 360
    assert (offered(gig), gig.account.catalogue_problem) == (sold(gig), "")
    assert gig.asked("/services") == 5


def test_prices_keep_their_thousandths(each: Scene) -> None:
    each.sandbox.catalogue.change(each.provider, "gmail", price=12_345)
    refreshed(each)
    price = Offer.objects.get(account=each.account, service_code="gmail").price
    assert price == Decimal("12.345")


def test_a_service_that_does_not_fit_costs_no_other(
    villa: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *others = villa.sandbox.catalogue.all(villa.provider)
    odd = [replace(first, code="x" * 150), replace(second, name="n" * 250), *others]
    monkeypatch.setattr(villa.sandbox.catalogue, "all", lambda _: odd)
    assert refreshed(villa) == len(odd) - 1
    assert second.code in offered(villa)
    assert "x" * 150 not in offered(villa)


def test_why_it_could_not_be_read_stands_on_the_account(each: Scene) -> None:
    each.fault("error", endpoint="services", status=500)
    refreshed(each)
    assert each.account.catalogue_problem
    each.no_faults()
    refreshed(each)
    assert each.account.catalogue_problem == ""
    each.account.keys.update(state=KeyState.RETIRED)
    assert refreshed(each) == 0
    assert "key" in each.account.catalogue_problem


def test_a_catalogue_is_stale_after_a_quarter_of_an_hour(each: Scene, times: Times) -> None:
    stale = catalogue.accounts_with_stale_catalogues
    assert each.account.pk in stale(times.now())
    refreshed(each)
    assert each.account.pk not in stale(times.now())
    times.move(15 * 60)
    assert each.account.pk in stale(times.now())
    ProviderAccount.objects.filter(pk=each.account.pk).update(key_refused_at=times.now())
    assert each.account.pk not in stale(times.now())


def test_what_could_not_be_read_is_tried_again_every_ten_minutes(each: Scene, times: Times) -> None:
    each.fault("error", endpoint="services", status=500)
    operations.refresh_catalogue(account=each.account)
    hour = times.now().replace(minute=0)
    tried = [
        minute
        for minute in range(60)
        if each.account.pk
        in catalogue.accounts_with_stale_catalogues(hour.replace(minute=minute) + timedelta(days=1))
    ]
    assert tried == [0, 10, 20, 30, 40, 50]
