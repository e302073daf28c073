"""Tables whose rows are written once: PostgreSQL itself refuses to change or remove them."""

import pgtrigger


def append_only(name: str = "append_only") -> pgtrigger.Trigger:
    """A trigger that fails any UPDATE, DELETE or TRUNCATE on its table, whoever sends it."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func="RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;",
    )
