"""The official codes of an organisation, as facts of it that the files tell."""

from dataclasses import dataclass
from typing import Any

from aect.loading.values import EXTRAS
from partnerships.choices import Scheme
from partnerships.models import Identifier, Organisation


@dataclass(frozen=True)
class Code:
    """The code that an organisation has of one register."""

    scheme: Scheme
    prefetch = "identifiers"

    @property
    def label(self) -> Any:
        return self.scheme.label

    def get(self, row: Organisation) -> str | None:
        return next((held.code for held in row.identifiers.all() if held.scheme == self.scheme), None)

    def put(self, row: Organisation, value: str | None) -> None:
        held = Identifier.objects.filter(organisation=row, scheme=self.scheme).first()
        if value is None:
            if held:
                held.delete()
            return
        held = held or Identifier(organisation=row, scheme=self.scheme)
        held.code = value
        held.full_clean()
        held.save()


def tell_codes() -> None:
    """Makes the codes known to loading; called once, when the applications are ready."""
    EXTRAS[Organisation] = {scheme.value: Code(scheme) for scheme in Scheme}
