"""Every statement that changes APD lines marks the totals it touches, whatever wrote it: form, COPY or psql."""

from django.db import migrations

MARK = """
CREATE FUNCTION funding_mark_stale_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO funding_staletotal (year, collectivity_id)
        SELECT DISTINCT year, collectivity_id FROM before;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO funding_staletotal (year, collectivity_id)
        SELECT DISTINCT year, collectivity_id FROM after;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER apdline_insert_marks AFTER INSERT ON funding_apdline
REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION funding_mark_stale_totals();
CREATE TRIGGER apdline_update_marks AFTER UPDATE ON funding_apdline
REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION funding_mark_stale_totals();
CREATE TRIGGER apdline_delete_marks AFTER DELETE ON funding_apdline
REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION funding_mark_stale_totals();
"""
UNMARK = """
DROP TRIGGER apdline_insert_marks ON funding_apdline;
DROP TRIGGER apdline_update_marks ON funding_apdline;
DROP TRIGGER apdline_delete_marks ON funding_apdline;
DROP FUNCTION funding_mark_stale_totals();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0001_initial")]

    operations = [migrations.RunSQL(MARK, UNMARK)]
