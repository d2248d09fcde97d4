"""The command line of `aect.local`; see the package's docstring."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
from contextlib import ExitStack
from types import FrameType

from . import places, processes, templates
from .demo import demo
from .programs import Missing
from .services import Failed, services


def run(command: list[str]) -> int:
    """Run a command beside throw-away services, over a migrated database, and return its exit code."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    account = places.server_account(places.CHECKOUT)
    home = places.data_home(places.CHECKOUT, account)
    with ExitStack() as stack:
        folder = stack.enter_context(places.throw_away_folder(home))
        template = {}
        if not os.environ.get("DATABASE_URL"):
            templates.lay(folder, home=home, account=account)
            template = {"TEST_DATABASE_TEMPLATE": templates.DATABASE}
        running = stack.enter_context(services(folder, home=home, account=account, durable=False))
        # Settings demand a secret, and HTTPS unless told otherwise: what runs here is plain HTTP on this machine.
        return processes.run_in_foreground(
            command, {"SECRET_KEY": secrets.token_hex(32), "HTTPS": "0", **running.env(), **template}
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m aect.local", description=__doc__)
    parser.add_argument("--end-with-caller", action="store_true", help="stop when the calling process dies")
    commands = parser.add_subparsers(dest="what", required=True)
    one = commands.add_parser("run", help="run one command with throw-away services")
    one.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD")
    whole = commands.add_parser("demo", help="run the whole application; data are kept in var/")
    whole.add_argument("--port", type=int, default=8000)
    whole.add_argument("--reset", action="store_true", help="start from new data")
    options = parser.parse_args()
    if options.end_with_caller:
        processes.end_with_parent(signal.SIGTERM, os.getppid())
    if options.what == "demo":
        return demo(port=options.port, reset=options.reset)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("run: no command given")
    try:
        return run(command)
    except (Failed, Missing) as error:
        sys.stderr.write(f"Erreur : {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
