"""ProConnect, played by a real OpenID provider in a process of its own (`provider`)."""

CLIENT = "aect-tests"
SECRET = "a secret between the two that is long enough for HS256"
