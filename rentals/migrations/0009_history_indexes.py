import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_audit_indexes'),
        ('rentals', '0008_budgets'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='rental',
            name='rental_history',
        ),
        migrations.AlterField(
            model_name='rental',
            name='team',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rentals', to='accounts.team'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['seen_at'], name='message_seen'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(fields=['team', 'requested_at', 'id'], name='rental_history'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(fields=['team', 'member', 'requested_at', 'id'], name='rental_of_member'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(fields=['team', 'account', 'requested_at', 'id'], name='rental_of_account'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(fields=['team', 'service_name', 'requested_at', 'id'], name='rental_of_service'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(fields=['team', 'purpose', 'requested_at', 'id'], name='rental_of_purpose'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(fields=['team', 'state', 'requested_at', 'id'], name='rental_in_state'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(models.F('team'), models.F('currency'), django.db.models.functions.comparison.Coalesce('charged', 'price'), models.F('id'), name='rental_by_price'),
        ),
        migrations.AddIndex(
            model_name='rental',
            index=models.Index(fields=['team', 'ended_at'], name='rental_ended'),
        ),
    ]
