from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.allauth import watch_factors
        from accounts.pages import saved_views
        from accounts.pages.saved_views import FilteredPage
        from accounts.states import Role
        from accounts.trail import columns as trail_columns
        from accounts.trail import objects as trail_objects
        from accounts.trail.form import TrailForm, trail_problems
        from accounts.trail.objects import Kind

        watch_factors()
        trail_objects.register("accounts.team", Kind(_("Team"), "team_settings"))
        trail_objects.register("accounts.membership", Kind(_("Membership"), "people"))
        trail_objects.register("accounts.invitation", Kind(_("Invitation"), "people"))
        trail_objects.register("accounts.user", Kind(_("Person")))
        account = Kind(_("Provider account"), "provider_account", "account")
        trail_objects.register("accounts.provideraccount", account)
        trail_objects.register("accounts.savedview", Kind(_("Saved view"), "saved_views"))
        log = FilteredPage(
            route="audit_log",
            title=_("Audit log"),
            parameters=tuple(TrailForm.base_fields),
            problems=trail_problems,
            roles=(Role.FINANCE, Role.ADMIN),
        )
        saved_views.register(log)
        trail_columns.register()
