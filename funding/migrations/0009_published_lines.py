"""Lines are published or not, and totals are kept apart by it. What is there already is published.

Taking it back forgets which lines were not published and drops the totals: `recompute_apd --full` makes them anew.
"""

from django.db import migrations, models

MARK = """
CREATE OR REPLACE FUNCTION funding_mark_stale_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO funding_staletotal ({key})
        SELECT DISTINCT {key} FROM before;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO funding_staletotal ({key})
        SELECT DISTINCT {key} FROM after;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION funding_mark_every_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO funding_staletotal ({key})
    SELECT DISTINCT {key} FROM funding_apdtotal;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION funding_mark_totals_of_purpose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO funding_staletotal ({key})
    SELECT DISTINCT {key} FROM funding_apdline WHERE purpose_id = NEW.code;
    RETURN NULL;
END $$;
"""
KEY, FORMER_KEY = "year, collectivity_id, is_published", "year, collectivity_id"


KEYED_BY = ["year", "collectivity", "recipient", "purpose", "counts_as_refugees", "is_fictitious", "is_published"]


class Migration(migrations.Migration):
    dependencies = [("funding", "0008_assignments_and_guests_links")]

    operations = [
        migrations.AddField(
            model_name="apdline",
            name="is_published",
            field=models.BooleanField(db_default=True, default=True, verbose_name="publiée"),
        ),
        migrations.AlterField(
            model_name="apdline",
            name="is_published",
            field=models.BooleanField(db_default=False, default=False, verbose_name="publiée"),
        ),
        migrations.AddField(
            model_name="apdtotal",
            name="is_published",
            field=models.BooleanField(default=True, verbose_name="lignes publiées"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="staletotal",
            name="is_published",
            field=models.BooleanField(default=True, verbose_name="lignes publiées"),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="apdtotal", name="apdtotal_one_per_key"),
        migrations.AddConstraint(
            model_name="apdtotal",
            constraint=models.UniqueConstraint(fields=KEYED_BY, name="apdtotal_one_per_key", nulls_distinct=False),
        ),
        migrations.RunSQL(MARK.format(key=KEY), MARK.format(key=FORMER_KEY) + "DELETE FROM funding_apdtotal;"),
    ]
