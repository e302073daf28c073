"""Addresses below a team's."""

from django.urls import path

from rentals.views import (
    board,
    console,
    controls,
    deciding,
    detail,
    evidence,
    health,
    history,
    policy,
    purging,
    renting,
    spend,
    spend_months,
)

urlpatterns = [
    path("", board.board, name="board"),
    path("live", board.board_live, name="board_live"),
    path("offers", renting.offer_list, name="offer_list"),
    path("catalogue/refresh", renting.catalogue_refresh, name="catalogue_refresh"),
    path("rentals/", history.rental_list, name="rental_list"),
    path("rentals/export", history.history_export, name="history_export"),
    path("rentals/new", renting.rental_create, name="rental_create"),
    path("rentals/<int:rental>/", detail.rental_detail, name="rental_detail"),
    path("rentals/<int:rental>/code", detail.rental_show_code, name="rental_show_code"),
    path("rentals/<int:rental>/card", controls.rental_card, name="rental_card"),
    path("rentals/<int:rental>/cancel", controls.rental_cancel, name="rental_cancel"),
    path("rentals/<int:rental>/finish", controls.rental_finish, name="rental_finish"),
    path("rentals/<int:rental>/more", controls.rental_more, name="rental_more"),
    path("rentals/<int:rental>/remove", purging.rental_purge, name="rental_purge"),
    path("rentals/<int:rental>/doubt", deciding.doubt_decide, name="doubt_decide"),
    path("refunds/<int:refund>/", evidence.refund_detail, name="refund_detail"),
    path("spend/", spend.spend, name="spend"),
    path("spend/months/", spend_months.spend, name="spend_months"),
    path("spend/table/export", spend.spend_table_export, name="spend_table_export"),
    path("spend/export", spend_months.spend_export, name="spend_export"),
    path("policy/", policy.policy, name="policy"),
    path("policy/change", policy.policy_change, name="policy_change"),
    path("balances", board.wallet_bar, name="wallet_bar"),
    path("providers/<int:account>/console/", console.provider_console, name="provider_console"),
    path(
        "providers/<int:account>/console/<uuid:answer>/",
        console.console_answer,
        name="console_answer",
    ),
    path(
        "providers/<int:account>/console/<uuid:answer>/whole",
        console.console_reveal,
        name="console_reveal",
    ),
    path("health/", health.health, name="health"),
    path("health/<int:account>/replay", health.inbox_replay, name="inbox_replay"),
]
