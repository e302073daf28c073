"""Addresses below a team's."""

from django.urls import path

from accounts.views import (
    audit,
    columns,
    first_steps,
    people,
    provider_accounts,
    provider_keys,
    saved_views,
    sent_requests,
    settings,
)

ACCOUNT = "providers/<int:account>"

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/invitations", people.invitation_create, name="invitation_create"),
    path(
        "people/invitations/<int:invitation>/revoke",
        people.invitation_revoke,
        name="invitation_revoke",
    ),
    path("people/<int:membership>", people.membership_update, name="membership_update"),
    path("people/<int:membership>/remove", people.membership_remove, name="membership_remove"),
    path("providers/", provider_accounts.provider_accounts, name="provider_accounts"),
    path("providers/add", provider_accounts.provider_account_add, name="provider_account_add"),
    path(f"{ACCOUNT}/", provider_accounts.provider_account, name="provider_account"),
    path(
        f"{ACCOUNT}/name",
        provider_accounts.provider_account_rename,
        name="provider_account_rename",
    ),
    path(
        f"{ACCOUNT}/archive",
        provider_accounts.provider_account_archive,
        name="provider_account_archive",
    ),
    path(
        f"{ACCOUNT}/check",
        provider_accounts.provider_account_check,
        name="provider_account_check",
    ),
    path(
        f"{ACCOUNT}/requests",
        sent_requests.provider_account_requests,
        name="provider_account_requests",
    ),
    path(
        f"{ACCOUNT}/key",
        provider_keys.provider_account_rotate_key,
        name="provider_account_rotate_key",
    ),
    path(
        f"{ACCOUNT}/webhook",
        provider_keys.provider_account_rotate_hook,
        name="provider_account_rotate_hook",
    ),
    path("audit/", audit.audit_log, name="audit_log"),
    path("audit/<int:event>/", audit.audit_event, name="audit_event"),
    path("views/", saved_views.saved_views, name="saved_views"),
    path("views/new", saved_views.saved_view_create, name="saved_view_create"),
    path("views/<int:view>/", saved_views.saved_view, name="saved_view"),
    path("views/<int:view>", saved_views.saved_view_update, name="saved_view_update"),
    path("views/<int:view>/delete", saved_views.saved_view_delete, name="saved_view_delete"),
    path("views/<int:view>/undelete", saved_views.saved_view_undelete, name="saved_view_undelete"),
    path("views/<int:view>/default", saved_views.saved_view_default, name="saved_view_default"),
    path("columns", columns.columns_choose, name="columns_choose"),
    path("settings/", settings.team_settings, name="team_settings"),
    path("first-steps", first_steps.first_steps, name="first_steps"),
]
