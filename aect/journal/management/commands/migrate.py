"""Django's own `migrate`, as the owner of the tables where MIGRATION_DATABASE_URL names one."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection

from aect.journal import roles


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        application = dict(connection.settings_dict)
        with roles.as_owner():
            super().handle(*args, **options)
            if not options["plan"]:
                roles.grant_to(application["USER"], password=application["PASSWORD"])
