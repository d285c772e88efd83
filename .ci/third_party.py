"""Write THIRD_PARTY.md: the licences of every package that an installation of vits may bring.

    python .ci/third_party.py > THIRD_PARTY.md

The list of packages is what the package and its extras for users require, directly or not; their
licences come from pip-licenses.
"""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parents[1]
NOT_FOR_USERS = ("dev", "docs")
HEAD = """# Third-party packages

What `pip install vits` and its extras for users install besides vits, and under which licence.
Made with `make licences`.

"""
# what the packages do not state
LICENCES = {"espeakng-loader": "contains espeak-ng, GPL-3.0-or-later"}


def plain(name: str) -> str:
    """Return the normalised name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> set[str]:
    """Return the names of all packages that vits and its extras for users require."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    waiting = [*project["dependencies"]]
    waiting += [line for extra in extras for line in extras[extra] if extra not in NOT_FOR_USERS]
    found = set[str]()
    while waiting:
        requirement = waiting.pop()
        name = plain(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
        if name in found:
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:  # of another Python or system
            continue
        found.add(name)
        waiting += [need for need in needs if "extra ==" not in need]
    return found


def main() -> None:
    """Print the file."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=markdown"]
    command += ["--no-version", "--with-urls", "--packages", *sorted(required())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    table = done.stdout
    for name, licence in LICENCES.items():
        table = re.sub(rf"(\| {name} +\| )UNKNOWN", rf"\g<1>{licence}", table)
    sys.stdout.write(HEAD + re.sub(r" {2,}", " ", re.sub(r"-{4,}", "---", table)))


if __name__ == "__main__":
    main()
