"""Filters are kept under a name, shared, renamed and forgotten."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import DefaultView, Membership, SavedView
from accounts.operations.errors import NameTaken, NotPossible
from accounts.pages.saved_views import (
    FilteredPage,
    Unreadable,
    filtered_page,
    kept,
    may_tell_a_number,
    visible_views,
)
from accounts.states import Role

MOST = 200  # of one person in one team
BACK_FOR = timedelta(minutes=1)  # longer than it is offered: an answer takes its time


def save_view(
    *,
    owner: Membership,
    page: str,
    name: str,
    query: str,
    shared: bool = False,
    default: bool = False,
) -> SavedView:
    """Keep a page's filters. Raises NotPossible for what the owner could not open themselves."""
    there, wanted = _readable(owner, page, query)
    name = _checked_name(name)
    if shared:
        _check_shareable(there, wanted)
    with transaction.atomic():
        Membership.objects.select_for_update().get(pk=owner.pk)  # one at a time, to count them
        if owner.saved_views.filter(deleted_at__isnull=True).count() >= MOST:
            raise NotPossible(_("You keep 200 views already. Delete one that you don’t use."))
        view = SavedView(owner=owner, page=page, name=name, query=wanted, is_shared=shared)
        _write(view)
        if shared:
            _record(Action.VIEW_SHARED, view, owner)
        if default:
            _begin_with(owner, view)
    return view


def change_view(*, view: SavedView, name: str, shared: bool, actor: Membership) -> None:
    """Rename one's own view, share it or stop to. Raises NotPossible."""
    name = _checked_name(name)
    with transaction.atomic():
        locked = _locked(view)
        if locked.owner_id != actor.pk:
            raise NotPossible(_("A view is changed by the one who made it."))
        page = filtered_page(locked.page)
        if shared and page is not None and not locked.is_shared:
            _check_shareable(page, locked.query)
        told = locked.is_shared != shared
        locked.name, locked.is_shared = name, shared
        _write(locked)
        if told:
            _record(Action.VIEW_SHARED if shared else Action.VIEW_UNSHARED, locked, actor)


def delete_view(*, view: SavedView, actor: Membership, now: datetime) -> None:
    """Delete one's own view; an admin also one that is shared with the team."""
    with transaction.atomic():
        locked = _locked(view)
        if locked.owner_id != actor.pk and not actor.has(Role.ADMIN):
            raise NotPossible(_("A view is deleted by the one who made it, or by an admin."))
        if locked.deleted_at is not None:
            return
        if locked.is_shared:
            _record(Action.VIEW_UNSHARED, locked, actor)
        locked.deleted_at = now
        _write(locked)


def undo_delete(*, view: SavedView, actor: Membership, now: datetime) -> None:
    """Have a view back that was deleted just now, by whoever could delete it.

    One that is there stays as it is. Raises NotPossible where it is too late; NameTaken.
    """
    with transaction.atomic():
        locked = SavedView.objects.select_for_update().filter(pk=view.pk).first()
        if locked is None or _is_over(locked, now):
            raise NotPossible(_("Too late to undo: the view is deleted for good."))
        if locked.deleted_at is None:
            return
        locked.deleted_at = None
        _write(locked)
        if locked.is_shared:
            _record(Action.VIEW_SHARED, locked, actor)


def forget_deleted_views(*, now: datetime) -> None:
    """Delete those for good that nobody can have back."""
    SavedView.objects.filter(deleted_at__lte=now - BACK_FOR).delete()


def _is_over(view: SavedView, now: datetime) -> bool:
    return view.deleted_at is not None and view.deleted_at <= now - BACK_FOR


def _locked(view: SavedView) -> SavedView:
    return SavedView.objects.select_for_update().get(pk=view.pk)


def choose_default(*, membership: Membership, view: SavedView, wanted: bool) -> None:
    """Begin a page with a view, or with the page as it is."""
    with transaction.atomic():
        if not wanted:
            DefaultView.objects.filter(membership=membership, view=view).delete()
        elif visible_views(membership).filter(pk=view.pk).exists():
            _begin_with(membership, view)
        else:
            raise NotPossible(_("The view is not shared with you any more."))


def _readable(owner: Membership, page: str, query: str) -> tuple[FilteredPage, str]:
    there = filtered_page(page)
    if there is None or not there.is_open_to(owner):
        raise NotPossible(_("There is no such page whose filters you could keep."))
    try:
        wanted = kept(there, query)
    except Unreadable as error:
        raise NotPossible(str(error)) from error
    problems = there.problems(QueryDict(wanted), owner)
    if problems:
        raise NotPossible(" ".join(problems))
    return there, wanted


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise NotPossible(_("Give the view a name of 1 to 60 characters."))
    return name


def _check_shareable(page: FilteredPage, query: str) -> None:
    if may_tell_a_number(page, query):
        raise NotPossible(
            _("A search with digits may hold a phone number. Share a view without it.")
        )


def _write(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise NameTaken(_("You have a view of this name there. Choose another name.")) from error


def _begin_with(membership: Membership, view: SavedView) -> None:
    DefaultView.objects.update_or_create(
        membership=membership, page=view.page, defaults={"view": view}
    )


def _record(action: Action, view: SavedView, actor: Membership) -> None:
    """Which filters are set, and not to what: a search may be for a number."""
    audit.record(
        team=actor.team,
        actor=actor.user,
        action=action,
        object=view,
        after={"page": view.page, "filters": sorted(QueryDict(view.query))},
    )
