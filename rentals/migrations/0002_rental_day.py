"""Pin the day that each rental counts for: the team's, by the time zone that it has now."""

from django.db import migrations, models
from django.db.models.functions import TruncDate


def fill_days(apps, schema_editor):
    from ledger.days import team_zone

    Team = apps.get_model("accounts", "Team")
    Rental = apps.get_model("rentals", "Rental")
    for team in Team.objects.all():
        day = TruncDate("requested_at", tzinfo=team_zone(team))
        Rental.objects.filter(team_id=team.pk).update(day=day)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("rentals", "0001_initial"),
    ]

    operations = [
        migrations.AddField("rental", "day", models.DateField(null=True)),
        migrations.RunPython(fill_days, migrations.RunPython.noop),
        migrations.AlterField("rental", "day", models.DateField()),
        migrations.AddIndex(
            "rental",
            models.Index(
                fields=["ended_at"],
                condition=models.Q(state__in=["refused", "lost"], activation_id=""),
                name="rental_without_number",
            ),
        ),
    ]
