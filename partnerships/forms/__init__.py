"""The forms by which officers edit the registry."""
