"""Marks what the statements of 0002 do not: a truncated table, and a code that moves under another parent."""

from django.db import migrations, models

MARK = """
CREATE FUNCTION funding_mark_every_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO funding_staletotal (year, collectivity_id)
    SELECT DISTINCT year, collectivity_id FROM funding_apdtotal;
    RETURN NULL;
END $$;
CREATE TRIGGER apdline_truncate_marks AFTER TRUNCATE ON funding_apdline
FOR EACH STATEMENT EXECUTE FUNCTION funding_mark_every_total();

CREATE FUNCTION funding_mark_totals_of_purpose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO funding_staletotal (year, collectivity_id)
    SELECT DISTINCT year, collectivity_id FROM funding_apdline WHERE purpose_id = NEW.code;
    RETURN NULL;
END $$;
CREATE TRIGGER purposecode_parent_marks AFTER UPDATE ON funding_purposecode FOR EACH ROW
WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id) EXECUTE FUNCTION funding_mark_totals_of_purpose();
"""
UNMARK = """
DROP TRIGGER purposecode_parent_marks ON funding_purposecode;
DROP TRIGGER apdline_truncate_marks ON funding_apdline;
DROP FUNCTION funding_mark_totals_of_purpose();
DROP FUNCTION funding_mark_every_total();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0002_mark_stale_totals")]

    operations = [migrations.RunSQL(MARK, UNMARK)]
