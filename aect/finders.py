"""Where static files come from, beside the project's and its applications' own folders."""

from pathlib import Path

import plotly
from django.contrib.staticfiles.finders import BaseStorageFinder
from django.core.files.storage import FileSystemStorage


class PlotlyFinder(BaseStorageFinder):
    """Serves `plotly.min.js` out of the plotly wheel: the figures and the library always match."""

    storage = FileSystemStorage(location=Path(plotly.__file__).parent / "package_data")
    only = "plotly.min.js"

    def find(self, path, **kwargs):  # type: ignore[no-untyped-def,override]  # it changes between Django versions
        return super().find(path, **kwargs) if path == self.only else []

    def list(self, ignore_patterns):  # type: ignore[no-untyped-def]
        return [(path, storage) for path, storage in super().list(["datasets", "templates"]) if path == self.only]
