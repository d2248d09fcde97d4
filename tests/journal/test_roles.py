"""The application under its own database role, on the database that the migrations made: what it cannot do, and can."""

import json
import secrets
from datetime import timedelta
from io import StringIO

import psycopg2
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone
from psycopg2 import sql

from aect import history, trash
from aect.accounts.models import Role, User
from aect.accounts.services import forget
from aect.journal import roles
from aect.journal.models import Action, Entry
from aect.journal.services import record
from aect.mail import services as mail
from funding import tasks
from funding.models import ApdTotal
from funding.services import request_totals, save_line
from partnerships.models import Partnership
from tests import factories
from tests.batches.files import undone, written

PASSWORD = secrets.token_hex(8)
OWNER: dict[str, str] = {}  # how the tests' own role signs in


@pytest.fixture(scope="module")
def application_role(django_db_setup, django_db_blocker):
    """The application's role, made and granted as `migrate` does it; gone after the tests of this module."""
    with django_db_blocker.unblock():
        role = f"{connection.settings_dict['NAME']}_app"
        roles.grant_to(role, password=PASSWORD)
        yield role
        drop_role(role)


def drop_role(role: str) -> None:
    with connection.cursor() as cursor:  # an owner who is no superuser takes a role's rights away as its member
        for statement in ("GRANT {role} TO CURRENT_USER", "DROP OWNED BY {role}", "DROP ROLE {role}"):
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
    connection.close()


@pytest.fixture
def application(transactional_db, application_role, redis_alone):
    """The connection is the application's for one test; its tables are emptied by the owner afterwards."""
    OWNER.update({name: connection.settings_dict[name] for name in roles.LOGIN})
    connection.close()
    connection.settings_dict.update(USER=application_role, PASSWORD=PASSWORD)
    yield application_role
    connection.close()
    connection.settings_dict.update(OWNER)


def kept_tables() -> list[str]:
    return [*roles.append_only(), roles.CONTEXT]


def refused(statement: str, **names: str) -> bool:
    query = sql.SQL(statement).format(**{name: sql.Identifier(value) for name, value in names.items()})
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query)
            transaction.set_rollback(True)
    except ProgrammingError as error:
        return isinstance(error.__cause__, psycopg2.errors.InsufficientPrivilege)
    return False


REWRITING = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "DROP TABLE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "ALTER TABLE {table} RENAME TO gone",
    "CREATE RULE nothing AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE TRIGGER nothing BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "COPY {table} TO PROGRAM 'true'",
)


def key_of(table: str) -> str:
    return "id" if table in {Entry._meta.db_table, roles.CONTEXT} else "pgh_id"


def test_the_application_cannot_rewrite_the_journal_nor_the_history(application):
    tried = [(statement, table) for table in kept_tables() for statement in REWRITING]
    assert [(s, table) for s, table in tried if not refused(s, table=table, column=key_of(table))] == []


def test_control_the_owner_can(transactional_db):
    for statement in REWRITING[:4]:
        assert not refused(statement, table=Entry._meta.db_table, column="id"), statement


def test_nor_can_it_leave_its_role_or_switch_the_triggers_off(application):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname <> current_user AND pg_has_role(rolname, 'MEMBER')")
        assert cursor.fetchall() == []
        cursor.execute("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)
    for statement in (
        "SET session_replication_role = replica",
        "ALTER TABLE partnerships_partnership DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "CREATE TABLE public.mine (id int)",
        "DELETE FROM django_migrations",
    ):
        assert refused(statement), statement


def test_what_the_history_says_of_who_did_it_is_completed_never_changed(application):
    context = "00000000-0000-0000-0000-000000000001"
    settings = "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)"
    for metadata in ('{"user": null, "url": "/a/"}', '{"user": 5, "url": "/a/"}', '{"user": 6, "job": "x"}'):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(settings, [context, metadata])
            cursor.execute("SELECT _pgh_attach_context()")
    with connection.cursor() as cursor:
        cursor.execute("SELECT metadata::text FROM pghistory_context WHERE id = %s", [context])
        assert json.loads(cursor.fetchone()[0]) == {"user": 5, "url": "/a/", "job": "x"}


def test_every_history_is_covered():
    assert {events._meta.db_table for events in history.histories().values()} < set(roles.append_only())


def test_a_new_table_is_granted_at_the_next_migration(application_role, transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE journal_new (id int)")
        asked = "SELECT has_table_privilege(%s, 'journal_new', 'INSERT')"
        cursor.execute(asked, [application_role])
        assert cursor.fetchone() == (False,)
        roles.grant_to(application_role)
        cursor.execute(asked, [application_role])
        assert cursor.fetchone() == (True,)
        cursor.execute("DROP TABLE journal_new")


def warned() -> bool:
    found = run_checks(include_deployment_checks=True, databases=["default"])
    return "journal.W001" in {message.id for message in found}


def test_the_deployment_check_says_when_the_application_owns_the_tables(transactional_db):
    assert warned()


def test_the_deployment_check_is_content_with_two_roles(application):
    assert not warned()


def test_migrating_connects_as_the_owner_and_serves_as_the_application(transactional_db, application_role, settings):
    """As `migrate` is called in production: DATABASE_URL names the application, MIGRATION_DATABASE_URL the owner."""
    owner = {name: connection.settings_dict[name] for name in roles.LOGIN}
    settings.MIGRATION_DATABASE = owner
    connection.close()
    connection.settings_dict.update(USER=application_role, PASSWORD=PASSWORD)
    try:
        call_command("migrate", verbosity=0)
        assert connection.settings_dict["USER"] == application_role
        assert refused("DELETE FROM {table}", table=Entry._meta.db_table)
        settings.MIGRATION_DATABASE = None  # the control: without the owner's name nobody is one
        with roles.as_owner():
            assert refused("DELETE FROM {table}", table=Entry._meta.db_table)
    finally:
        connection.close()
        connection.settings_dict.update(owner)


def test_the_first_migration_makes_the_role(transactional_db, settings):
    role, owner = f"{connection.settings_dict['NAME']}_new", dict(connection.settings_dict)
    settings.MIGRATION_DATABASE = owner
    connection.close()
    connection.settings_dict.update(USER=role, PASSWORD=PASSWORD)
    try:
        call_command("migrate", verbosity=0, skip_checks=False)
        assert Entry.objects.count() == 0  # as the new role
    finally:
        connection.close()
        connection.settings_dict.update({name: owner[name] for name in roles.LOGIN})
        drop_role(role)


def test_old_rows_are_purged_by_the_owner_only_and_that_is_noted(application, settings):
    record(Action.SIGNED_IN, by=None)
    old = timezone.now() - timedelta(days=400)
    Entry.objects.create(action=Action.SIGNED_OUT, at=old)
    with pytest.raises(CommandError, match="MIGRATION_DATABASE_URL"):
        call_command("purge_journal", "--days", "365", stdout=StringIO())
    settings.MIGRATION_DATABASE = OWNER
    with pytest.raises(CommandError, match="180"):
        call_command("purge_journal", "--days", "10", stdout=StringIO())
    call_command("purge_journal", "--days", "365", stdout=StringIO())
    assert list(Entry.objects.order_by("pk").values_list("action", flat=True)) == ["signed_in", "purged"]
    assert Entry.objects.latest("pk").details == {"days": 365, "rows": 1}


class TestTheApplicationWorks:
    """Real flows, all of them under the application's own role."""

    def test_records_are_edited_deleted_and_put_back(self, application):
        officer = factories.UserFactory(role=Role.OFFICER)
        officer.set_password("a long enough password")
        officer.save()
        client = Client()
        client.post("/connexion/", {"username": officer.email, "password": "a long enough password"})
        partnership = factories.PartnershipFactory(name="Avant")
        factories.PartyFactory(partnership=partnership)
        Partnership.objects.update(name="Après")
        pk = partnership.pk
        partnership.delete()
        assert trash.restore(Partnership, trash.latest_deletion(Partnership, pk)).name == "Après"
        assert client.get("/partenariats/export.csv").status_code == 200
        client.post("/deconnexion/")
        assert Entry.objects.filter(action=Action.SIGNED_OUT).exists()
        forget()
        mail.forget()

    def test_totals_are_rebuilt(self, application):
        factories.DacListingFactory()
        line = factories.ApdLineFactory()
        save_line(line, by=None)
        tasks.rebuild_totals(str(request_totals(by=None, full=True).pk))
        assert ApdTotal.objects.grand_total()["lines"] == 1

    def test_the_reference_and_the_founding_cases_are_loaded(self, application):
        for command in ("load_reference", "load_founding"):
            call_command(command, stdout=StringIO())
        assert Partnership.objects.exists()

    def test_a_file_is_imported_and_undone(self, application, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        batch = written("partnerships", "add", {"name": "Importé"}, {"name": "Aussi"})
        assert Partnership.objects.count() == 2
        undone(batch)
        assert not Partnership.objects.exists()

    def test_a_person_is_copied_and_erased(self, application):
        user = User.objects.create_user("a@demo.test", "a long enough password")
        record(Action.SIGNED_IN, by=user)
        call_command("export_person", "a@demo.test", stdout=StringIO())
        call_command("erase_person", "a@demo.test", stdout=StringIO())
        user.refresh_from_db()
        assert not user.is_active
