"""Triggers that no session can switch off.

pgtrigger's own begin with a look at the setting `pgtrigger.ignore`, by which any session may skip
them, and find their tables by the session's search path, where a temporary table of the same name
comes first. Ours do neither.
"""

import pgtrigger
from django.db import models
from pgtrigger import compiler


class UnskippableSql(compiler.UpsertTriggerSql):
    """Migrations name this class: what it makes may only change together with its name."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql SET search_path = public, pg_temp;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class Unskippable(pgtrigger.Trigger):
    def compile(self, model: models.Model) -> compiler.Trigger:
        compiled = super().compile(model)
        return compiler.Trigger(name=compiled.name, sql=UnskippableSql(**compiled.sql.kwargs))
