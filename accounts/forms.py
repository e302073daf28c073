"""Forms of people, provider accounts and settings. What they say is checked by the operations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.currencies import CURRENCIES
from accounts.models import Membership, SavedView
from accounts.pages.languages import LANGUAGES
from accounts.pages.zones import zone_names
from accounts.states import Role, Signal
from providers.provider import Provider

ROLE_HELP = {
    Role.MEMBER: _("rents numbers and reads the codes"),
    Role.FINANCE: _("sees the money of every rental, and no codes"),
    Role.ADMIN: _("manages providers, keys and people, and sees all rentals"),
}


def secret_widget() -> forms.PasswordInput:
    """For an API key: never echoed back, and nothing for the browser to remember."""
    attributes = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
    return forms.PasswordInput(render_value=False, attrs=attributes)


def _zones(*first: tuple[str, Any]) -> list[tuple[str, Any]]:
    return [*first, *((name, name.replace("_", " ")) for name in zone_names())]


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )

    @classmethod
    def of(cls, membership: Membership) -> "RolesForm":
        """One of many on a page: its fields' ids name the membership."""
        return cls(initial={"roles": membership.roles}, auto_id=f"member-{membership.pk}-%s")


def _explained_roles() -> list[tuple[Role, str]]:
    return [(role, f"{role.label}: {ROLE_HELP[role]}") for role in Role]


class InvitationForm(RolesForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=_explained_roles,
        widget=forms.CheckboxSelectMultiple,
        initial=[Role.MEMBER],
        error_messages={"required": _("Choose at least one role.")},
    )
    field_order = ("email", "roles")


class NewUserForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("As the team sees it."),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class KeyForm(forms.Form):
    key = forms.CharField(
        label=_("New API key"),
        widget=secret_widget(),
        max_length=600,
        error_messages={"required": _("Paste the key from the provider’s dashboard.")},
    )


class LabelForm(forms.Form):
    label = forms.CharField(label=_("Label"), max_length=60)


class ProviderAccountForm(forms.Form):
    """For one provider: a server prefix is asked for only where it has such."""

    label = forms.CharField(
        label=_("Label"),
        max_length=60,
        help_text=_("What the team calls this wallet, such as Main."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    server_prefix = forms.CharField(label=_("Server"), max_length=10, required=False)
    key = forms.CharField(
        label=_("API key"),
        widget=secret_widget(),
        max_length=600,
        help_text=_("It is tried before it is kept, and sealed: nobody can read it again."),
        error_messages={"required": _("Paste the key from the provider’s dashboard.")},
    )

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        prefixes = provider.capabilities.server_prefixes
        if prefixes:
            self.fields["server_prefix"].initial = prefixes[0]
            self.fields["server_prefix"].help_text = _("The part of its addresses, such as s1.")
        else:
            del self.fields["server_prefix"]


class TeamSettingsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_zones,
        help_text=_("For days on bills, and for people who have not chosen their own."),
    )
    reporting_currency = forms.ChoiceField(
        label=_("Reporting currency"),
        required=False,  # left as it is
        choices=[(code, code) for code in CURRENCIES],
        help_text=_(
            "What totals over several currencies are told in, by rates that finance enters."
        ),
    )


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser asks for")), *LANGUAGES.items()],
        help_text=_("E-mails are in it too; in English, if it is left to the browser."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=lambda: _zones(("", _("The team’s"))),
    )
    hotkeys = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_(
            "Such as c, which copies the newest code; ? lists them. Switch them off if you speak "
            "to your computer, or press keys by accident."
        ),
    )


class ViewForm(forms.Form):
    """The name of a saved view, and whether the team has it too."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Give the view a name.")},
    )
    shared = forms.BooleanField(label=_("Share it with the team"), required=False)

    @classmethod
    def of(cls, view: SavedView, data: Any = None) -> "ViewForm":
        """One of many on a page: its fields' ids name the view."""
        initial = {"name": view.name, "shared": view.is_shared}
        return cls(data, initial=initial, auto_id=f"view-{view.pk}-%s")


class NewViewForm(ViewForm):
    default = forms.BooleanField(label=_("Begin the page with it"), required=False)
    page = forms.CharField(max_length=40, widget=forms.HiddenInput)
    query = forms.CharField(max_length=4000, required=False, strip=False, widget=forms.HiddenInput)


class SignalsForm(forms.Form):
    signals = forms.MultipleChoiceField(
        label=_("When a code comes"),
        choices=Signal.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
