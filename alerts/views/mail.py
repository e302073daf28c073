"""What somebody wants by e-mail."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.views.common import sent
from alerts.forms import MailForm
from alerts.operations.choosing_mail import choose_mail
from alerts.operations.telling import mail_choice
from alerts.queries import kinds_that_may_come, troubled_letter


@require_http_methods(["GET", "HEAD", "POST"])
@team_view()
def alert_mail(request: TeamRequest) -> HttpResponse:
    kinds = kinds_that_may_come(request.membership)
    form = MailForm(sent(request), kinds=kinds, choice=mail_choice(request.membership))
    if form.is_valid():
        choose_mail(
            membership=request.membership,
            how=form.how,
            digest_hour=form.cleaned_data["digest_hour"],
            now=timezone.now(),
        )
        messages.success(request, _("What you get by e-mail is kept."))
        return redirect("alert_mail", team=request.team.slug)
    context = {"form": form, "trouble": troubled_letter(request.membership)}
    return render(request, "alerts/mail_choices.html", context, status=422 if form.errors else 200)
