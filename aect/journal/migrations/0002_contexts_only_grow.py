from django.db import migrations

# What the history says of who did it may be completed while the work goes on, never changed.
GROW = """
CREATE FUNCTION journal_context_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.id := OLD.id;
    NEW.created_at := OLD.created_at;
    NEW.metadata := NEW.metadata || jsonb_strip_nulls(OLD.metadata);
    RETURN NEW;
END
$$;
CREATE TRIGGER journal_context_only_grows BEFORE UPDATE ON pghistory_context
    FOR EACH ROW EXECUTE FUNCTION journal_context_only_grows();
"""
FORGET = """
DROP TRIGGER journal_context_only_grows ON pghistory_context;
DROP FUNCTION journal_context_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_entries"), ("pghistory", "0007_auto_20250421_0444")]
    operations = [migrations.RunSQL(GROW, FORGET)]
