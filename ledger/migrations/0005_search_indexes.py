import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_exports'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(condition=models.Q(('external_id', ''), _negated=True), fields=['wallet', 'external_id'], name='transfer_external'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(models.F('wallet'), django.db.models.functions.text.Upper('service'), name='transfer_service'),
        ),
    ]
