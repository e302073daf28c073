from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rentals', '0015_request_decision_mail'),
    ]

    operations = [
        migrations.AddField(
            model_name='policy',
            name='version',
            field=models.PositiveIntegerField(default=0),
        ),
    ]
