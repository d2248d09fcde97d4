"""Real PostgreSQL and Redis/Valkey for one checkout, without installing or configuring a server.

    python -m aect.local run -- CMD…   throw-away services for one command (`make test`)
    python -m aect.local demo          the whole application with services that keep their data (`make demo`)

Standard library only, and no Django: this must be able to say what is missing before anything can be imported.
"""
