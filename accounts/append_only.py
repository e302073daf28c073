"""Tables whose rows are written once: PostgreSQL itself refuses to change or remove them."""

import pgtrigger

from accounts.unskippable import Unskippable


def never_removed() -> pgtrigger.Trigger:
    """A trigger that fails any DELETE or TRUNCATE on its table: for one that says itself which
    change of a row it bears."""
    return Unskippable(
        name="never_removed",
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        operation=pgtrigger.Delete | pgtrigger.Truncate,
        func="RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;",
    )


def append_only() -> pgtrigger.Trigger:
    """A trigger that fails any UPDATE, DELETE or TRUNCATE on its table, whoever sends it."""
    return Unskippable(
        name="append_only",
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func="RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;",
    )
