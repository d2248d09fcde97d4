"""Django's own `migrate`, as the owner of the tables where MIGRATION_DATABASE_URL names one.

The journal's view is made anew, and the application's role granted what it needs.
"""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection

from aect.journal import lines, roles


class Command(migrate.Command):
    application: dict[str, Any]

    def execute(self, *args: Any, **options: Any) -> str | None:
        """The checks too, some of which connect: the application's role may not be there yet."""
        self.application = dict(connection.settings_dict)
        with roles.as_owner():
            return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        lines.drop()
        super().handle(*args, **options)
        lines.create()
        roles.grant_to(self.application["USER"], password=self.application["PASSWORD"])
