"""Make docs/reference from the code: Python names, commands, configuration keys.

``python docs/make_reference.py`` writes it; ``tests/test_house.py`` says when to run it again.
Neither torch nor Lightning is imported: what needs them is read as text.
"""

import argparse
import ast
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

from vits.cli import COMMANDS, build_parser
from vits.config import FrontendConfig, TrainingConfig, VitsConfig
from vits.synthesis.settings import SETTINGS, Settings

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
MADE = "<!-- Made from the code by docs/make_reference.py; do not edit. -->"
# Where the names of a page of documentation are public: what ``__all__`` lists.
PACKAGES = {
    "vits": "Speaking",
    "vits.synthesis": "Voices",
    "vits.text": "Text",
    "vits.models": "Model",
    "vits.models.durations": "Durations",
    "vits.models.pitch": "Pitch",
    "vits.alignment": "Alignment",
    "vits.losses": "Losses",
    "vits.fast": "Faster forms",
    "vits.config": "Configuration",
    "vits.data.corpora": "Corpora",
    "vits.training": "Training",
    "vits.training.callbacks": "Callbacks",
    "vits.training.finetuning": "Fine-tuning",
    "vits.evaluation": "Evaluation",
    "vits.errors": "Errors",
}
# Rooms without a list of their own: each module has one.
MODULES = {
    "The boxes of figure 1": (
        "vits.models.text_encoder",
        "vits.models.posterior_encoder",
        "vits.models.prior_flow",
        "vits.models.decoder",
        "vits.models.istft_decoder",
        "vits.models.convnext_decoder",
        "vits.models.decoders",
        "vits.models.discriminators",
        "vits.models.spectrogram_discriminator",
        "vits.models.outputs",
    ),
    "More of voices": ("vits.synthesis.bundle.merge", "vits.synthesis.bundle.adapter"),
    "Spectrograms": ("vits.audio.spectrogram", "vits.audio.mel"),
    "More losses": ("vits.losses.subband", "vits.losses.envelope"),
    "More of evaluation": (
        "vits.evaluation.evaluate",
        "vits.evaluation.metrics",
        "vits.evaluation.pitch",
        "vits.evaluation.evaluators.language_model",
        "vits.evaluation.results",
        "vits.evaluation.score",
    ),
    "Voices of other projects": (
        "vits.interop.load",
        "vits.interop.detect_format",
        "vits.interop.convert",
        "vits.interop.equivalence",
        "vits.interop.full_voice",
    ),
    "Exports": (
        "vits.export.write",
        "vits.export.target",
        "vits.export.graph",
        "vits.export.quantization",
        "vits.export.verify",
    ),
}


VERSION = ("vits", "__version__")
INHERITING = ("Voice", "OnnxVoice")  # most of their methods are those of a common base


class Key(NamedTuple):
    """A row of a table of keys."""

    name: str
    kind: str
    default: str
    meaning: str


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    return {
        "python.md": python_page(),
        "commands.md": commands_page(),
        "configuration.md": configuration_page(),
    }


def python_page() -> str:
    """Return the page of the public names."""
    parts = [
        "# Python\n",
        MADE + "\n",
        "The names that may be imported: those of `import vits`, and those that the rooms list.\n",
    ]
    shown = {VERSION}
    for package, title in PACKAGES.items():
        parts.append(f"## {title}: `{package}`\n")
        names = public_names(package)
        rows = [f"| `{name}` | {summary(package, name)} |" for name in names]
        parts.append("\n".join(["| name | what it is |", "|---|---|", *rows]) + "\n")
        for name in names:
            home = definition(package, name)[0], name
            inherits = "    options:\n      inherited_members: true\n" * (name in INHERITING)
            parts += [f"::: {package}.{name}\n{inherits}"] * (home not in shown)
            shown.add(home)
    for title, modules in MODULES.items():
        parts.append(f"## {title}\n")
        parts += [f"::: {module}\n" for module in modules]
    return "\n".join(parts)


def public_names(module: str) -> list[str]:
    """Return what ``__all__`` of a module lists, without importing it."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    raise ValueError(f"{module} has no __all__")


def summary(module: str, name: str) -> str:
    """Return the first sentence of a name's documentation."""
    if (module, name) == VERSION:
        return "The installed version, a string."
    home, node = definition(module, name)
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        text = ast.get_docstring(node) or ""
    else:
        text = documented_value(home, name)
    return cell(re.split(r"(?<=\.)\s", " ".join(text.split("\n\n")[0].split()))[0])


def definition(module: str, name: str) -> tuple[str, ast.AST | None]:
    """Find where a name is defined: its module, and its class or function if it is one."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            return definition(str(node.module), name)
    return module, None


def documented_value(module: str, name: str) -> str:
    """Return the string below the assignment of a constant."""
    body = tree(module).body
    for node, after in pairwise(body):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            value = after.value if isinstance(after, ast.Expr) else None
            return value.value if isinstance(value, ast.Constant) else ""
    return ""


def tree(module: str) -> ast.Module:
    """Parse a module of the package."""
    path = ROOT / Path(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def commands_page() -> str:
    """Return the page of the commands and their flags."""
    parser = build_parser()
    (subparsers,) = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    helps = {action.dest: action.help for action in subparsers._choices_actions}
    parts = [
        "# Commands\n",
        MADE + "\n",
        "`vits COMMAND --help` prints the same. Exit status: 0 success, 1 a bug, 2 an error to\n"
        "fix, 3 no GPU to train on (`vits info`), 75 stopped and saved, 130 interrupted. Every\n"
        "command takes `--debug`, which prints the traceback of an error.\n",
        "\n".join(
            ["| command | |", "|---|---|"]
            + [
                f"| [`vits {name}`](#vits-{name}) | {cell(helps[name] or '')} |"
                for name in COMMANDS
            ]
        )
        + "\n",
    ]
    for name in COMMANDS:
        parts.append(f"## vits {name}\n")
        parts += list(command(subparsers.choices[name], helps[name] or ""))
    return "\n".join(parts)


def command(parser: argparse.ArgumentParser, help: str) -> Iterator[str]:
    """Yield the paragraphs about one command."""
    text = parser.description or help[:1].upper() + help[1:].rstrip(".") + "."
    yield textwrap.fill(" ".join(text.split()), 120) + "\n"
    rows = []
    for group in parser._action_groups:
        if group.description:
            rows.append(f"| *{cell(str(group.title))}* | {cell(group.description)} |")
        for action in group._group_actions:
            if action.help is argparse.SUPPRESS or action.dest in ("help", "debug"):
                continue
            rows.append(f"| {invocation(action)} | {cell(expanded(parser, action))} |")
    if rows:
        yield "\n".join(["| argument | meaning, and default |", "|---|---|", *rows]) + "\n"
    elif not parser.add_help:  # Lightning's parser has the options
        yield "The options are the keys of [Configuration](configuration.md).\n"
    if parser.epilog:
        yield f"```text\n{textwrap.dedent(parser.epilog).strip()}\n```\n"


def invocation(action: argparse.Action) -> str:
    """Return how an argument is written."""
    formatter = argparse.HelpFormatter("vits")
    if not action.option_strings:
        return f"`{formatter._format_args(action, action.metavar or action.dest)}`"
    value = "" if action.nargs == 0 else " " + formatter._format_args(action, action.dest.upper())
    return "<br>".join(f"`{option}{value}`" for option in action.option_strings)


def expanded(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """Return the help of an argument with its default and choices filled in."""
    return parser._get_formatter()._expand_help(action) if action.help else ""


def configuration_page() -> str:
    """Return the page of the configuration keys."""
    parts = [
        "# Configuration\n",
        MADE + "\n",
        "Every key can stand in a YAML file (`vits fit -c FILE`) or on the command line\n"
        "(`--model.config.audio.n_fft 512`). An unknown key, and a key that has no effect beside\n"
        "the others, is an error. The defaults are the original's recipe for LJSpeech. Beside the\n"
        "keys, `vits fit` takes `--resume auto` or `--resume PATH`, and `--print_config`, which\n"
        "prints all values and stops.\n",
        "## trainer\n",
        "The keys of Lightning's `Trainer`. These defaults differ from Lightning's:\n",
        "```yaml\ntrainer:\n"
        + "".join(f"  {key}: {value(default)}\n" for key, default in trainer_defaults().items())
        + "```\n",
        "## model.config\n",
        *section(VitsConfig, "model.config"),
        "## model.training\n",
        *section(TrainingConfig, "model.training"),
        "## data\n",
        table(signature("vits.training.datamodule", "VitsDataModule", "data")),
        "`vits finetune` has these as well:\n",
        table(
            key
            for key in signature(
                "vits.training.finetuning.datamodule", "FinetuneDataModule", "data"
            )
            if key.name not in ("data.train", "data.options")
        ),
        "## checkpoint\n",
        table(signature("vits.training.callbacks.checkpoints", "Checkpoints", "checkpoint")),
        "## Inside a voice\n",
        "`frontend` of a voice's `config.json` and of a prepared folder's `dataset.json`:\n",
        table(dataclass_keys(FrontendConfig, "")),
        "`inference` of a voice's `config.json`, which a call, a flag or a request overrides:\n",
        table(
            Key(name, setting.range, value(getattr(Settings(), name)), setting.help)
            for name, setting in SETTINGS.items()
        ).replace("| type |", "| range |"),
    ]
    return "\n".join(parts)


def trainer_defaults() -> dict[str, Any]:
    """Return the trainer's defaults that differ from Lightning's."""
    for node in tree("vits.training.command").body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "TRAINER_DEFAULTS":
            return ast.literal_eval(typing.cast("ast.expr", node.value))
    raise ValueError("vits.training.command has no TRAINER_DEFAULTS")


def section(group: type, prefix: str) -> Iterator[str]:
    """Yield the table of a group of keys and those of the groups in it."""
    yield f"{first_sentence(group)}\n"
    keys, inner = [], []
    for key, entry in zip(dataclass_keys(group, prefix), fields(group), strict=True):
        groups = nested(entry)
        inner += [(key.name, each, len(groups) > 1) for each in groups]
        keys += [] if groups and entry.default is MISSING else [key]
    yield table(keys)
    for name, each, tagged in inner:
        kind = f", kind: {each().kind}" if tagged else ""
        yield f"### {name}{kind}\n"
        yield from section(each, name)


def nested(entry: "Field[Any]") -> list[type]:
    """Return the groups that a key may hold."""
    kinds = typing.get_args(entry.type) if is_union(entry.type) else (entry.type,)
    return [kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)]


def is_union(kind: object) -> bool:
    """Tell whether a type is a union."""
    return isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union


def dataclass_keys(group: type, prefix: str) -> Iterator[Key]:
    """Yield a row for each field of a dataclass."""
    meanings = {"kind": "selects this kind"}
    for each in reversed(group.__mro__):
        meanings = {**meanings, **described(each.__doc__ or "", "Attributes:")}
    for entry in fields(group):
        default = "" if entry.default is MISSING else value(entry.default)
        name = f"{prefix}.{entry.name}".lstrip(".")
        yield Key(name, kind_of(entry.type), default, meanings[entry.name])


def signature(module: str, name: str, prefix: str) -> Iterator[Key]:
    """Yield a row for each argument of a class, which is read and not imported."""
    _, node = definition(module, name)
    assert isinstance(node, ast.ClassDef)
    (init,) = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
    meanings = described(ast.get_docstring(node) or "", "Args:")
    positional = init.args.args[1:]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(init.args.defaults))
    pairs = zip(positional, missing + init.args.defaults, strict=True)
    keyword = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
    for argument, default in (*pairs, *keyword):
        kind = "" if argument.annotation is None else ast.unparse(argument.annotation)
        kind = kind.replace(" | ", " or ").replace("None", "null")
        shown = "required" if default is None else value(ast.literal_eval(default))
        yield Key(f"{prefix}.{argument.arg}", kind, shown, meanings[argument.arg])


def described(text: str, heading: str) -> dict[str, str]:
    """Return the entries of a section of a Google-style docstring."""
    body = textwrap.dedent(text.partition(heading)[2].partition("\n\n")[0].strip("\n"))
    entries = re.findall(r"^(\w+): ((?:.*)(?:\n +.*)*)", body, re.MULTILINE)
    return {name: " ".join(meaning.split()) for name, meaning in entries}


def first_sentence(group: type) -> str:
    """Return the first paragraph of a class's documentation."""
    return " ".join((group.__doc__ or "").split("\n\n")[0].split())


def kind_of(kind: object) -> str:
    """Return a type as a reader of YAML knows it."""
    if typing.get_origin(kind) is Literal:
        return " or ".join(repr(each) for each in typing.get_args(kind))
    if is_union(kind):
        return " or ".join(kind_of(each) for each in typing.get_args(kind))
    if kind is type(None):
        return "null"
    if typing.get_origin(kind) is tuple:
        return "list of " + kind_of(typing.get_args(kind)[0])
    return kind.__name__ if isinstance(kind, type) else str(kind)


def value(default: object) -> str:
    """Return a value as YAML writes it."""
    if default is None or isinstance(default, bool):
        return {None: "null", True: "true", False: "false"}[default]
    if isinstance(default, tuple):
        return "[" + ", ".join(value(each) for each in typing.cast("tuple[object]", default)) + "]"
    return '""' if default == "" else str(default)


def table(keys: "typing.Iterable[Key]") -> str:
    """Return a table of keys."""
    rows = [
        f"| `{k.name}` | {cell(k.kind)} | {cell(k.default)} | "
        f"{cell(re.sub(r'`?None`?', 'null', k.meaning.rstrip('.')))} |"
        for k in keys
    ]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def cell(text: str) -> str:
    """Return a text that cannot break a table."""
    return " ".join(text.replace("``", "`").replace("|", "\\|").split())


if __name__ == "__main__":
    main()
