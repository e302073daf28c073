import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rentals', '0013_last_digits'),
    ]

    operations = [
        migrations.AddField(
            model_name='budgetrequest',
            name='mailed_to',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None),
        ),
    ]
