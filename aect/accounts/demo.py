"""The demonstration accounts: roles at institutions, never persons. They exist only where `AECT_DEMO=1`."""

from typing import Any

from aect.accounts.models import Role

PASSWORD = "demo-aect"  # noqa: S105  # printed on the demonstration's sign-in page
ACCOUNTS: dict[str, dict[str, Any]] = {
    "admin@demo.test": {"role": Role.ADMINISTRATOR, "is_staff": True, "is_superuser": True},
    "agent.daect@demo.test": {"role": Role.OFFICER},
    "agent.larochelle@demo.test": {"role": Role.AGENT},
    "agent.bordeaux@demo.test": {"role": Role.AGENT},
    "analyste@demo.test": {"role": Role.ANALYST},
}
