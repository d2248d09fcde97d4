"""Runs every benchmark, or those named: `python -m bench [NAME …] [--OPTION …]`; options are handed on."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    first = next((place for place, text in enumerate(arguments) if text.startswith("-")), len(arguments))
    names, options = arguments[:first], arguments[first:]
    known = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_") and path.stem != "scratch")
    if unknown := set(names) - set(known):
        sys.stderr.write(f"No such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known)}.\n")
        return 2
    codes = [
        subprocess.call([sys.executable, "-m", f"bench.{name}", *options], cwd=HERE.parent) for name in names or known
    ]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
