from django.db import migrations, models

# What is counted already is counted on: in the new columns, and in the sums of all accounts and
# outcomes.
FILL = """
    UPDATE rentals_spendtotal SET
        received = CASE WHEN outcome = 'received' THEN rentals ELSE 0 END,
        decided = CASE WHEN outcome IN ('received', 'cancelled', 'expired', 'lost')
            THEN rentals ELSE 0 END;
    INSERT INTO rentals_spendtotal (team_id, axis, span, since, value, account_id, outcome,
        currency, rentals, received, decided, charged, refunded, held)
    SELECT team_id, axis, span, since, value, 0, '', currency, sum(rentals), sum(received),
        sum(decided), sum(charged), sum(refunded), sum(held)
    FROM rentals_spendtotal GROUP BY team_id, axis, span, since, value, currency;
"""
TAKE_BACK = "DELETE FROM rentals_spendtotal WHERE outcome = ''"


class Migration(migrations.Migration):

    dependencies = [
        ('rentals', '0009_history_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='spendtotal',
            name='received',
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='spendtotal',
            name='decided',
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, TAKE_BACK),
        migrations.AddIndex(
            model_name='spendtotal',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['team', 'axis', 'span', 'since', 'value'], name='spend_of_all'),
        ),
    ]
