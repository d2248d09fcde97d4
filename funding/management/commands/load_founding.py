from pathlib import Path

from aect.loading.commands import LoadCommand
from aect.loading.merging import Changes
from funding.imports import load_founding


class Command(LoadCommand):
    help = "Loads the founding cases with their sources; needs the reference data. Idempotent."
    name = "load_founding"

    def load(self, folder: Path) -> dict[str, Changes]:
        return load_founding(folder)
