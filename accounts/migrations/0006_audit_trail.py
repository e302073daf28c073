import accounts.unskippable
import django.contrib.postgres.search
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# Of the actions that an installation may have recorded so far.
FAMILIES = {
    'people': ['member.added', 'member.removed', 'member.roles_changed', 'invitation.created', 'invitation.accepted', 'invitation.revoked'],
    'team': ['team.created', 'team.settings_changed'],
    'providers': ['provider_account.added', 'provider_account.renamed', 'provider_account.archived', 'provider_account.key_rotated', 'provider_account.hook_rotated', 'provider_account.inbox_replayed', 'keyring.rotated'],
    'codes': ['rental.code_shown'],
    'money': ['rental.doubt_decided', 'ledger.matched', 'ledger.match_undone', 'exception.assigned', 'exception.resolved', 'exception.reopened', 'refund.written_off', 'ledger.deposit_recorded', 'ledger.deposit_taken_back', 'rates.entered', 'month.closed'],
    'exports': ['ledger.exported'],
}


def fill(apps, schema_editor):
    """What is kept with an event now, for those from before. Without the trigger: see below."""
    for family, actions in FAMILIES.items():
        schema_editor.execute(
            "UPDATE accounts_auditevent SET family = %s, is_money = (%s OR action = %s), "
            "words = left(regexp_replace(lower(concat_ws(' ', reason, before, after)), "
            "'[^[:alnum:]]+', ' ', 'g'), 2000) WHERE action = ANY(%s)",
            [family, family == 'money', 'ledger.exported', actions],
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_unskippable_append_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='auditevent',
            name='address',
            field=models.GenericIPAddressField(null=True),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='family',
            field=models.CharField(default='', max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='auditevent',
            name='words',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='is_money',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='label',
            field=models.CharField(blank=True, max_length=200),
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='auditevent',
            name='append_only',
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        pgtrigger.migrations.AddTrigger(
            model_name='auditevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=accounts.unskippable.UnskippableSql(func="RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;", hash='5a496504268c8e1ae02af33b1f871b8fe51050e7', level='STATEMENT', operation='UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_append_only_a0b21', table='accounts_auditevent', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='found_by',
            field=models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('words', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
    ]
