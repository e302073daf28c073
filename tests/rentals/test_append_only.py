"""What is promised to stay as it was written stays so, whatever a session has set."""

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.actions import Action
from accounts.models import AuditEvent
from rentals.models import ProviderAnswer, RentalEvent
from tests.factories import make_member, make_provider_account, make_rental, make_team

pytestmark = pytest.mark.django_db

MODELS = (AuditEvent, RentalEvent, ProviderAnswer)
TABLES = [model._meta.db_table for model in MODELS]
ATTACKS = [
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE false",
    "TRUNCATE {table} CASCADE",
    "UPDATE {table} SET id = id",
    "MERGE INTO {table} t USING {table} s ON t.id = s.id WHEN MATCHED THEN DELETE",
]


@pytest.fixture(autouse=True)
def rows() -> None:
    member = make_member(make_team())
    rental = make_rental(member, make_provider_account(member.team))
    ProviderAnswer.objects.create(
        rental=rental, call="rent", verdict="rented", reply={},
        asked_at=timezone.now(), answered_at=timezone.now(),
    )  # fmt: skip
    audit.record(team=rental.team, actor=member.user, action=Action.CODE_SHOWN, object=rental)
    run("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE minds the checks that are left for later


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def everything() -> list[list[object]]:
    found: list[list[object]] = [
        list(model._base_manager.order_by("pk").values()) for model in MODELS
    ]
    assert all(found)
    return found


def ignoring_all() -> str:
    """What switches off every trigger of pgtrigger's own making."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(tgname) FROM pg_trigger WHERE NOT tgisinternal")
        (names,) = cursor.fetchone()
    return f"SET LOCAL pgtrigger.ignore = '{{{','.join(names)}}}'"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_session_skips_it(table: str, attack: str) -> None:
    before = everything()
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        run(ignoring_all(), attack.format(table=table))
    assert everything() == before


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_temporary_table_hides_it(table: str, attack: str) -> None:
    before = everything()
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        run(
            f"CREATE TEMP TABLE {table} (LIKE {table})",
            attack.format(table=f"public.{table}"),
        )
    assert everything() == before


def test_no_trigger_there_is_can_be_skipped() -> None:
    """Nor one of a table that is to come: each finds its tables by itself, and asks no setting."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t
            JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE NOT t.tgisinternal AND (p.prosrc ILIKE '%pgtrigger%'
                OR NOT coalesce(p.proconfig @> ARRAY['search_path=public, pg_temp'], false))
        """)
        assert cursor.fetchall() == []
