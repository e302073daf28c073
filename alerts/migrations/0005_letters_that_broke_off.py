from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0004_budgets'),
    ]

    operations = [
        migrations.AddField(
            model_name='letter',
            name='broke_off_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
