"""Saved views: kept, shared, begun with, and never a way to see more than one may."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import operations
from accounts.actions import Action
from accounts.models import AuditEvent, DefaultView, Membership, SavedView
from accounts.operations.saved_views import (
    BACK_FOR,
    change_view,
    choose_default,
    delete_view,
    forget_deleted_views,
)
from accounts.pages.saved_views import ALL
from accounts.states import Role
from accounts.tasks import forget_views
from rentals.states import RentalState
from tests.factories import make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

NASTY = ("\0", "a\0b", "\n", "<script>alert(1)</script>", "'", "💥" * 200, "9" * 400, "\ud7ff", "٣")
PAGES = ("rental_list", "spend", "refund_list", "exception_list", "audit_log")


def keep(who: Membership, query: str, route: str = "rental_list", **more: Any) -> Any:
    form = {"page": route, "name": "Mine", "query": query} | more
    return signed_in(who).post(page("saved_view_create", who.team), form)


def made(who: Membership, query: str, route: str = "rental_list", **more: Any) -> SavedView:
    response = keep(who, query, route, **more)
    assert response.status_code == 302, words(response)
    return SavedView.objects.latest("pk")


def opened(who: Membership, view: SavedView) -> Any:
    return signed_in(who).get(page("saved_view", who.team, view=view.pk), follow=True)


def names(who: Membership, route: str = "rental_list") -> list[str]:
    """The views that the page offers."""
    response = signed_in(who).get(page(route, who.team), {"all": ""})
    listed = response.text.partition('class="menu__views"')[2].partition("</ul>")[0]
    return [line.partition(">")[2].partition("<")[0].strip() for line in listed.split("<a ")[1:]]


def test_a_view_is_the_filters_and_nothing_else_of_an_address(world: World) -> None:
    make_rental(world.member, world.gig)
    query = "state=waiting&q=&page=7&sort=-price&format=csv&evil=1&state=finished"
    view = made(world.member, query)
    assert view.query == "state=finished&sort=-price"
    response = opened(world.member, view)
    assert response.redirect_chain == [
        (page("rental_list", world.team) + "?state=finished&sort=-price", 302)
    ]


def test_a_page_offers_its_own_views_and_says_which_is_shown(world: World) -> None:
    make_rental(world.member, world.gig)
    view = made(world.member, "state=waiting", name="Waiting <b>now</b>")
    made(world.member, "by=month", "spend", name="By month")
    response = signed_in(world.member).get(page("rental_list", world.team), {"state": "waiting"})
    address = page("saved_view", world.team, view=view.pk)
    assert f'<a href="{address}" aria-current="true">Waiting &lt;b&gt;' in response.text
    assert "By month" not in response.text
    other = signed_in(world.member).get(page("rental_list", world.team), {"state": "finished"})
    assert f'<a href="{address}">' in other.text


def test_what_is_filtered_without_a_reload_is_what_is_kept(world: World) -> None:
    make_rental(world.member, world.gig)
    response = signed_in(world.member).get(
        page("rental_list", world.team), {"state": "waiting", "q": ""}, headers=HTMX
    )
    assert '<input type="hidden" name="query" value="state=waiting">' in response.text


def test_a_view_is_one_s_own_until_it_is_shared(world: World) -> None:
    make_rental(world.member, world.gig)
    view = made(world.admin, "state=waiting", name="Live ones")
    assert names(world.finance) == []
    for who, status in ((world.finance, 404), (world.member, 404), (world.stranger, 404)):
        address = page("saved_view", world.team, view=view.pk)
        assert signed_in(who).get(address).status_code == status
    change_view(view=view, name="All", shared=True, actor=world.admin)
    assert names(world.finance) == ["All"]
    assert opened(world.finance, view).status_code == 200
    assert opened(world.stranger, view).status_code == 404
    stolen = page("saved_view", world.stranger.team, view=view.pk)
    assert signed_in(world.stranger).get(stolen).status_code == 404


def test_a_shared_view_shows_no_more_than_its_reader_may_see(world: World) -> None:
    make_rental(world.member, world.gig, service_name="Mine")
    make_rental(world.colleague, world.gig, service_name="Theirs")
    theirs = made(world.admin, f"member={world.colleague.user_id}", shared="on", name="Theirs")
    assert "Theirs" in [c.rental.service_name for c in opened(world.admin, theirs).context["cards"]]
    seen = opened(world.member, theirs)
    assert [card.rental.service_name for card in seen.context["cards"]] == ["Mine"]
    assert "What others rent is not shared with you." in words(seen)
    cost = made(world.admin, f"member={world.colleague.user_id}", "spend", shared="on", name="Cost")
    response = opened(world.member, cost)
    assert (response.status_code, ">Theirs<" in response.text) == (200, False)
    assert "What others spend is for finance and admins. This is your own" in words(response)
    assert response.redirect_chain[-1] == (page("spend", world.team) + "?all", 302)
    assert opened(world.finance, cost).status_code == 200


def test_finance_gets_no_more_of_the_log_by_an_admin_s_view(world: World) -> None:
    operations.change_roles(
        membership=world.colleague,
        roles=[Role.MEMBER, Role.FINANCE],
        actor=world.admin.user,
    )
    view = made(world.admin, "family=people", "audit_log", shared="on")
    assert "Roles changed" in words(opened(world.admin, view))
    response = opened(world.finance, view)
    assert response.status_code == 422
    assert "Roles changed" not in words(response)


def test_views_of_pages_that_are_not_for_somebody_are_not_there_for_them(world: World) -> None:
    view = made(world.finance, "state=overdue", "refund_list", shared="on", name="Late ones")
    listed = signed_in(world.member).get(page("saved_views", world.team))
    assert "Late ones" not in listed.text
    assert opened(world.member, view).status_code == 404
    assert keep(world.member, "state=overdue", "refund_list").status_code == 422
    assert SavedView.objects.count() == 1


def test_a_number_that_was_searched_for_is_not_shared(world: World) -> None:
    rental = make_rental(world.member, world.gig)
    response = keep(world.member, f"q={rental.phone_e164[-6:]}", shared="on")
    assert response.status_code == 422
    assert "may hold a phone number" in words(response)
    view = made(world.member, f"q={rental.phone_e164[-6:]}")
    address = page("saved_view_update", world.team, view=view.pk)
    response = signed_in(world.member).post(address, {"name": "Mine", "shared": "on"})
    assert response.status_code == 422
    view.refresh_from_db()
    assert not view.is_shared
    assert not AuditEvent.objects.filter(action=Action.VIEW_SHARED).exists()


@pytest.mark.parametrize("route", PAGES)
def test_a_hostile_query_is_refused_or_kept_in_a_form_that_opens(world: World, route: str) -> None:
    client = signed_in(world.finance)
    for number, value in enumerate(NASTY):
        for name in ("q", "since", "member"):
            form = {"page": route, "name": f"{name} {number}", "query": f"{name}={value}"}
            response = client.post(page("saved_view_create", world.team), form)
            assert response.status_code in (302, 422)
    for view in SavedView.objects.all():
        address = page("saved_view", world.team, view=view.pk)
        assert client.get(address, follow=True).status_code in (200, 422)
        assert "%00" not in view.query


@pytest.mark.parametrize(
    "query",
    ["&".join(f"q{n}=1" for n in range(500)), "q=" + "x" * 3900, "state=nonsense", "sort=nonsense",
     "since=31.12.2026", "account=999999"],
)  # fmt: skip
def test_what_the_page_could_not_show_is_not_kept(world: World, query: str) -> None:
    response = keep(world.member, query)
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert not SavedView.objects.exists()


def test_a_query_that_went_bad_in_its_row_is_looked_through_when_it_is_opened(
    world: World,
) -> None:
    view = made(world.member, "state=waiting")
    hostile = "state=waiting&page=9&next=//evil.example&q=%0a%00"
    SavedView.objects.filter(pk=view.pk).update(query=hostile)
    response = opened(world.member, view)
    assert response.redirect_chain == [(page("saved_views", world.team), 302)]
    SavedView.objects.filter(pk=view.pk).update(query="state=waiting&evil=1")
    response = opened(world.member, view)
    assert response.redirect_chain == [(page("rental_list", world.team) + "?state=waiting", 302)]


@pytest.mark.parametrize("route", ["", "people", "nothing", "wallet_detail"])
def test_only_pages_that_have_filters_have_views(world: World, route: str) -> None:
    assert keep(world.admin, "", route).status_code == 422
    assert not SavedView.objects.exists()


def test_a_name_is_given_once_a_page_by_one_person(world: World) -> None:
    made(world.member, "state=waiting", name="Same")
    again = keep(world.member, "state=finished", name="sAME")
    assert (again.status_code, "another name" in words(again)) == (422, True)
    made(world.member, "by=month", "spend", name="Same")
    made(world.colleague, "state=waiting", name="Same")
    other = made(world.member, "state=finished", name="Other")
    address = page("saved_view_update", world.team, view=other.pk)
    assert signed_in(world.member).post(address, {"name": "Same"}).status_code == 422
    other.refresh_from_db()
    assert other.name == "Other"


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\0b", "a\nb", "\u202ename"])
def test_a_name_is_something_to_read(world: World, name: str) -> None:
    assert keep(world.member, "", name=name).status_code == 422
    assert not SavedView.objects.exists()


def test_a_view_is_renamed_shared_and_deleted_by_its_owner_alone(world: World) -> None:
    view = made(world.admin, "state=waiting", shared="on", name="Ours")
    update = page("saved_view_update", world.team, view=view.pk)
    delete = page("saved_view_delete", world.team, view=view.pk)
    assert signed_in(world.member).post(update, {"name": "Taken"}).status_code == 404
    assert signed_in(world.member).post(delete).status_code == 403
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Ours", True)
    assert signed_in(world.admin).post(update, {"name": "Mine"}).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Mine", False)
    assert signed_in(world.admin).post(delete).status_code == 302
    assert not SavedView.objects.filter(deleted_at=None).exists()


def test_an_admin_deletes_what_another_shared(world: World) -> None:
    view = made(world.member, "state=waiting", shared="on")
    delete = page("saved_view_delete", world.team, view=view.pk)
    assert signed_in(world.admin).post(delete).status_code == 302
    assert not SavedView.objects.filter(deleted_at=None).exists()


def test_sharing_is_on_record_without_what_is_searched_for(world: World) -> None:
    view = made(world.member, "q=Fraud&state=waiting", shared="on", name="Odd ones")
    change_view(view=view, name="Odd", shared=False, actor=world.member)
    shared, unshared = AuditEvent.objects.filter(object_type="accounts.savedview").order_by("pk")
    assert (shared.action, unshared.action) == (Action.VIEW_SHARED, Action.VIEW_UNSHARED)
    assert shared.after == {"page": "rental_list", "filters": ["q", "state"]}
    assert shared.label == "Odd ones"
    assert "Fraud" not in str(shared.after)


@pytest.mark.parametrize("route", PAGES)
def test_a_page_begins_with_the_view_that_is_chosen(world: World, route: str) -> None:
    who = world.finance
    query = {"spend": "by=month", "exception_list": "show=mine", "audit_log": "family=money"}
    view = made(who, query.get(route, "since=2026-03-01"), route, default="on")
    begun = signed_in(who).get(page(route, world.team))
    assert begun["Location"] == f"{page(route, world.team)}?{view.query}"
    whole = signed_in(who).get(page(route, world.team), {ALL: ""})
    assert whole.status_code == 200
    chosen = page("saved_view_default", world.team, view=view.pk)
    signed_in(who).post(chosen)
    assert signed_in(who).get(page(route, world.team)).status_code == 200
    signed_in(who).post(chosen, {"wanted": "1"})
    assert signed_in(who).get(page(route, world.team)).status_code == 302
    assert signed_in(world.admin).get(page(route, world.team)).status_code == 200


def test_a_page_begins_as_it_is_where_its_view_is_none_any_more(world: World) -> None:
    query = f"member={world.member.user_id}"
    view = made(world.finance, query, "spend", shared="on", name="Theirs")
    choose_default(membership=world.colleague, view=view, wanted=True)
    spend = page("spend", world.team)
    assert signed_in(world.colleague).get(spend).status_code == 200  # not theirs to see
    choose_default(membership=world.admin, view=view, wanted=True)
    assert signed_in(world.admin).get(spend).status_code == 302
    change_view(view=view, name="Theirs", shared=False, actor=world.finance)
    assert signed_in(world.admin).get(spend).status_code == 200
    change_view(view=view, name="Theirs", shared=True, actor=world.finance)
    delete_view(view=view, actor=world.finance, now=timezone.now())
    assert signed_in(world.admin).get(spend).status_code == 200
    forget_deleted_views(now=timezone.now() + BACK_FOR)
    assert not DefaultView.objects.exists()


def test_clearing_the_filters_shows_all_whatever_the_page_begins_with(world: World) -> None:
    make_rental(world.member, world.gig, RentalState.FINISHED)
    made(world.member, "state=waiting", default="on")
    begun = signed_in(world.member).get(page("rental_list", world.team), follow=True)
    assert "No rental matches" in words(begun)
    assert f'href="{page("rental_list", world.team)}?all"' in begun.text


def test_who_leaves_the_team_takes_their_views_along(world: World) -> None:
    view = made(world.colleague, "state=waiting", shared="on")
    choose_default(membership=world.member, view=view, wanted=True)
    operations.remove_member(membership=world.colleague, actor=world.admin.user)
    assert not SavedView.objects.exists()
    assert signed_in(world.member).get(page("rental_list", world.team)).status_code == 200


def test_nobody_fills_the_table(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.operations.saved_views.MOST", 1)
    made(world.member, "state=waiting")
    assert keep(world.member, "state=finished", name="One more").status_code == 422
    assert SavedView.objects.count() == 1


def test_pages_cost_the_same_queries_however_many_views_there_are(world: World) -> None:
    make_rental(world.member, world.gig)
    client = signed_in(world.member)

    def queries(route: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(page(route, world.team), {"all": ""})
        return len(asked)

    made(world.member, "state=waiting", name="First")
    routes = ("rental_list", "saved_views")
    queries("rental_list")  # the first one of a session writes down the team
    few = [queries(route) for route in routes]
    for number in range(5):
        made(world.admin, "state=waiting", name=f"Of an admin {number}", shared="on")
    assert [queries(route) for route in routes] == few


def test_a_list_without_views_says_how_one_is_made(world: World) -> None:
    response = signed_in(world.member).get(page("saved_views", world.team))
    assert "No views yet" in words(response)
    assert page("rental_list", world.team) in response.text
    assert page("refund_list", world.team) not in response.text


# --- a view that was deleted comes back, for a moment


def undelete(who: Membership, view: SavedView) -> Any:
    return signed_in(who).post(page("saved_view_undelete", who.team, view=view.pk), follow=True)


def deleted(who: Membership, view: SavedView) -> Any:
    return signed_in(who).post(page("saved_view_delete", who.team, view=view.pk), follow=True)


def test_a_deleted_view_comes_back_with_all_that_began_by_it(world: World) -> None:
    for who in (world.member, world.colleague):
        make_rental(who, world.gig)
    view = made(world.member, "state=waiting", shared="on")
    choose_default(membership=world.colleague, view=view, wanted=True)
    shown = deleted(world.member, view)
    assert f'action="{page("saved_view_undelete", world.team, view=view.pk)}"' in shown.text
    assert names(world.member) == names(world.colleague) == []
    assert "The view is back" in words(undelete(world.member, view))
    assert names(world.member) == names(world.colleague) == ["Mine"]
    begun = signed_in(world.colleague).get(page("rental_list", world.team))
    assert begun["Location"].endswith("?state=waiting")
    told = AuditEvent.objects.filter(action__startswith="view.").order_by("pk")
    shared = [Action.VIEW_SHARED, Action.VIEW_UNSHARED, Action.VIEW_SHARED]
    assert [event.action for event in told] == shared


def test_an_undo_that_comes_too_late_or_twice_changes_nothing(world: World) -> None:
    make_rental(world.member, world.gig)
    late, back = made(world.member, "state=waiting"), made(world.member, "sort=price", name="Other")
    for view in (late, back):
        deleted(world.member, view)
    for _ in range(2):
        assert undelete(world.member, back).status_code == 200
    SavedView.objects.filter(pk=late.pk).update(deleted_at=timezone.now() - BACK_FOR)
    response = undelete(world.member, late)
    assert response.status_code == 409
    assert "Too late" in words(response)
    assert names(world.member) == ["Other"]


def test_a_name_that_was_taken_meanwhile_stays_with_the_new_view(world: World) -> None:
    make_rental(world.member, world.gig)
    old = made(world.member, "state=waiting")
    deleted(world.member, old)
    made(world.member, "state=finished")
    assert "Choose another name" in words(undelete(world.member, old))
    assert SavedView.objects.get(deleted_at=None).query == "state=finished"


@pytest.mark.parametrize("who", ["colleague", "finance", "stranger"])
def test_nobody_else_has_it_back(world: World, who: str) -> None:
    view = made(world.member, "state=waiting", shared="on")
    deleted(world.member, view)
    before = SavedView.objects.values().get(pk=view.pk)
    team = page("saved_view_undelete", world.team, view=view.pk)
    assert signed_in(getattr(world, who)).post(team).status_code == 404
    assert SavedView.objects.values().get(pk=view.pk) == before


def test_a_deleted_view_is_gone_for_good_after_a_while(world: World) -> None:
    view = made(world.member, "state=waiting")
    deleted(world.member, view)
    forget_views()
    assert SavedView.objects.filter(pk=view.pk).exists()
    SavedView.objects.filter(pk=view.pk).update(deleted_at=timezone.now() - BACK_FOR)
    forget_views()
    assert not SavedView.objects.exists()
