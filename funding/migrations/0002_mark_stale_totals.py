"""Every statement that changes APD lines marks the totals it touches, whatever wrote it: form, COPY or psql.

So do a truncated table, and a purpose code that moves under another parent.
"""

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
DROP TRIGGER apdline_insert_marks ON funding_apdline;
DROP TRIGGER apdline_update_marks ON funding_apdline;
DROP TRIGGER apdline_delete_marks ON funding_apdline;
DROP FUNCTION funding_mark_stale_totals();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0001_initial")]

    operations = [migrations.RunSQL(MARK, UNMARK)]
