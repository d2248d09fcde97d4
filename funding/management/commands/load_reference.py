from pathlib import Path

from aect.loading.commands import LoadCommand
from aect.loading.merging import Changes
from funding.imports import load_reference


class Command(LoadCommand):
    help = "Loads code lists, countries, the DAC list by year, French and Mexican authorities. Idempotent."
    name = "load_reference"

    def load(self, folder: Path) -> dict[str, Changes]:
        return load_reference(folder)
