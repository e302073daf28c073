from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def be_through(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """A team that has a provider account began before it could be led."""
    begun = apps.get_model("accounts", "Team").objects.filter(
        pk__in=apps.get_model("accounts", "ProviderAccount").objects.values("team")
    )
    begun.update(first_steps_over_at=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_console_asked")]

    operations = [
        migrations.AddField(
            model_name="team",
            name="first_steps_over_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="team",
            name="invites_later",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(be_through, migrations.RunPython.noop),
    ]
