"""Whoever deploys reads `.env.example`, not the settings: it must name every variable they read."""

import re

from aect.local.places import CHECKOUT


def test_every_variable_that_settings_read_is_described():
    settings = (CHECKOUT / "aect/settings.py").read_text()
    read = set(re.findall(r"""(?:env\.\w+|required)\(\s*["']([A-Z_]+)""", settings))
    described = set(re.findall(r"^#?([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert read
    assert read - described == set()
