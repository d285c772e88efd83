"""Nothing public is missing from the reference; test_house.py says whether it is up to date."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from vits.cli import COMMANDS, build_parser
from vits.config import TrainingConfig, VitsConfig, to_dict

MKDOCS = Path(sys.executable).with_name("mkdocs")


@pytest.fixture(scope="module")
def pages(reference):
    return reference.pages()


def test_every_list_of_public_names_is_on_the_page(reference, root):
    rooms = {
        ".".join(path.parent.relative_to(root).parts)
        for path in (root / "vits").rglob("__init__.py")
        if "\n__all__ = " in path.read_text(encoding="utf-8")
    }
    # the command line has a page of its own
    assert rooms - {"vits.cli"} <= set(reference.PACKAGES)


def test_every_module_on_the_page_exists(reference):
    for module in (name for names in reference.MODULES.values() for name in names):
        assert reference.public_names(module), module


def test_every_public_name_says_what_it_is(reference):
    for package in reference.PACKAGES:
        for name in reference.public_names(package):
            assert re.search(r"\w{3}.*\.$", reference.summary(package, name)), (package, name)


def test_every_flag_has_a_line_with_its_meaning(pages):
    sections = dict(
        re.findall(r"^## vits (\w+)\n(.*?)(?=^## |\Z)", pages["commands.md"], re.M | re.S)
    )
    assert set(sections) == set(COMMANDS)
    parser = build_parser()
    (subparsers,) = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for name, command in subparsers.choices.items():
        rows = [line for line in sections[name].splitlines() if line.startswith("| `")]
        for option in command._option_string_actions:
            if option not in ("-h", "--help", "--debug"):
                (row,) = [line for line in rows if re.search(rf"`{re.escape(option)}[ `]", line)]
                assert row.partition(" | ")[2].strip(" |"), (name, option)


def flatten(values, prefix):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}.{key}")
        else:
            yield f"{prefix}.{key}"


def test_every_key_is_on_the_page(pages, root):
    keys = {
        *flatten(to_dict(VitsConfig()), "model.config"),
        *flatten(to_dict(TrainingConfig()), "model.training"),
    }
    for folder in ("configs", "recipes"):
        for path in (root / folder).rglob("*.yaml"):
            if path.parent.name == "cluster":  # of other programs
                continue
            used = set(flatten(yaml.safe_load(path.read_text(encoding="utf-8")), ""))
            keys |= {key[1:] for key in used if not key.startswith(".trainer.")}
    shown = set(re.findall(r"^\| `([\w.]+)` \|", pages["configuration.md"], re.M))
    assert keys <= shown | {"seed_everything"}


@pytest.mark.slow
@pytest.mark.skipif(not MKDOCS.exists(), reason="needs the extra docs; `make docs` builds the site")
def test_the_site_builds_strictly(root, tmp_path):
    command = [str(MKDOCS), "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "reference" / "python" / "index.html").read_text(encoding="utf-8")
    assert 'id="vits.Voice.stream"' in page
