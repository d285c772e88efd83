"""Write THIRD_PARTY.md: the licences of every package that an installation of vits may bring.

    python .ci/third_party.py > THIRD_PARTY.md
    python .ci/third_party.py --check

With ``--check`` it compares the file with what is installed instead: every required package must be
listed, with the licence that it states now, and every licence must be one that is known.

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
Made with `make licences`. A build of torch for CUDA also brings libraries of NVIDIA, under NVIDIA's
own licence, and triton (MIT).

"""
# what the packages do not state
LICENCES = {"espeakng-loader": "contains espeak-ng, GPL-3.0-or-later"}
OF_TORCH = re.compile(r"nvidia-.*|cuda-.*|triton")  # they depend on its build
# Another licence is a decision, not an accident: it goes here after somebody has read it.
KNOWN = re.compile(
    r"MIT|BSD|Apache|ISC|Python Software Foundation|PSF|MPL|Mozilla|Zlib|CC0|BSL|CNRI|LGPL"
)
COPYLEFT = ("phonemizer", "espeakng-loader")  # loaded by the adapter of espeak-ng only
ROW = re.compile(r"^\| ([\w.-]+) \| ([^|]+?) \|", re.M)


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
        if OF_TORCH.fullmatch(name):
            continue
        found.add(name)
        waiting += [need for need in needs if "extra ==" not in need]
    return found


def rows(table: str) -> dict[str, str]:
    """Return the licences in a table by the names of the packages."""
    found = {plain(name): licence for name, licence in ROW.findall(table)}
    return {name: licence for name, licence in found.items() if licence != "License"}  # the head


def faults(made: dict[str, str], listed: dict[str, str]) -> list[str]:
    """Return what is wrong with a list of licences, a line for each package.

    Args:
        made: licences of the packages that are installed.
        listed: licences in THIRD_PARTY.md.
    """
    found = [
        f"{name}: {licence!r}, but THIRD_PARTY.md has {listed.get(name)!r}; run make licences"
        for name, licence in made.items()
        if listed.get(name) != licence
    ]
    return found + [
        f"{name}: {licence!r} is not a known licence; read it, and enter it in .ci/third_party.py"
        for name, licence in listed.items()
        if name not in COPYLEFT and not KNOWN.search(licence)
    ]


def make() -> str:
    """Return the text of the file for the packages that are installed."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=markdown"]
    command += ["--no-version", "--with-urls", "--with-system"]
    command += ["--packages", *sorted(required())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    table = done.stdout
    for name, licence in LICENCES.items():
        table = re.sub(rf"(\| {name} +\| )UNKNOWN", rf"\g<1>{licence}", table)
    return HEAD + re.sub(r" {2,}", " ", re.sub(r"-{4,}", "---", table))


def main() -> int:
    """Print the file, or check it; return the exit status."""
    if sys.argv[1:] != ["--check"]:
        sys.stdout.write(make())
        return 0
    listed = rows((ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8"))
    found = faults(rows(make()), listed)
    sys.stdout.writelines(f"{line}\n" for line in found)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
