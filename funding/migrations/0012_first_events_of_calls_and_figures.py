"""Records that are older than the triggers of their history get a first event: the state in which they were found."""

from functools import partial

from django.db import migrations

from aect.history import open_histories


class Migration(migrations.Migration):
    dependencies = [("funding", "0011_call_and_figure_history")]

    operations = [migrations.RunPython(partial(open_histories, app="funding"), migrations.RunPython.noop)]
