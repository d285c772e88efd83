"""Every code block of the pages for readers, and every cell of the notebooks, is run from the top.

A page is run like a script in a folder of its own, which holds what its reader is supposed to have:
recordings, a run's checkpoint, a voice. A command that no test can run is in ``NOT_RUN`` with the
reason; its flags and files are checked all the same. A block of a language not known here fails.
"""

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

from vits.cli import COMMANDS as SUBCOMMANDS
from vits.cli import build_parser, main

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))
MARKDOWN = ("README.md", "CONTRIBUTING.md", "recipes/README.md", *DOCS)
NOTEBOOKS = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.ipynb"))
PAGES = (*MARKDOWN, *NOTEBOOKS)
SHELL = ("bash", "sh", "console")
SHOWN = ("text", "yaml", "json")  # output and files, nothing to run

TRAINS = "trains for minutes to days; the flags are checked, and tests/training runs fit itself"
FOREIGN = "needs a voice of another project; tests/interop converts small ones"
INSTALLS = "makes an environment: minutes and a download"
DOWNLOADS = "needs the hub; tests/interop/test_named.py speaks with one of its own"
SERVES = "a server that runs until it is stopped; tests/server runs it"
ADAPTS = "needs a run by low rank; tests/training/finetuning makes one"
SLOW = "recognises noise for many seconds; tests/evaluation and tests/cli run the like on little"
EXPORTS = "takes seconds; docs/guides/export.md runs the like"
NOT_RUN = {
    "make demo": "trains for minutes",
    "make test": "is what runs this test",
    "make install": INSTALLS,
    "pip install vits": INSTALLS,
    ".venv/bin/pre-commit install": "changes the settings of git",
    ".venv/bin/pytest tests/cli/test_main.py -k help": "another test run inside this one",
    "pip install 'vits[serve]'": INSTALLS,
    "vits inspect downloads/mms-tts-eng": FOREIGN,
    "vits say 'Hello.' --voice downloads/mms-tts-eng -o hello.wav": FOREIGN,
    "vits say 'Hello.' --voice downloads/en_US-joe-medium.onnx -o hello.wav": FOREIGN,
    "vits convert downloads/en_US-joe-medium.onnx voices/joe": FOREIGN,
    "vits voices --search lessac --language en": DOWNLOADS,
    "vits say 'Hello.' --voice en_US-lessac-medium -o hello.wav": DOWNLOADS,
    "vits say 'Guten Morgen.' --voice facebook/mms-tts-deu -o morgen.wav": DOWNLOADS,
    "vits voices --remove en_US-lessac-medium": DOWNLOADS,
    "vits push voices/ada ada/my-voice --private": DOWNLOADS,
    "vits convert downloads/mms-tts-eng voices/mms-eng": FOREIGN,
    "vits convert voices/mms-eng exports/mms-eng --to transformers": FOREIGN,
    "vits export voices/mms-eng --to onnx -o exports/mms-onnx": EXPORTS,
    "vits convert downloads/ljs exports/ljs --to transformers --drop discriminators": FOREIGN,
    "vits prepare VCTK-Corpus-0.92 -o prepared/vctk --trim 40 --speaker-vectors": (
        "needs an extra; tests/data runs it"
    ),
    "vits fit -c configs/vctk.yaml --data.train prepared/vctk "
    '--model.config.speaker_vectors "{}" --trainer.default_root_dir runs/vctk': TRAINS,
    'vits say "Good morning." -o b.wav --voice voices/many --speaker-audio me.wav '
    "--save-speaker me.speaker": "needs such a voice; tests/synthesis makes one",
    "vits prepare recordings -o prepared/pitched --pitch": "needs an extra; tests/data runs it",
    "vits prepare corpus -o /shared/prepared --shard 3/16 --workers 32": "takes 16 machines",
    "tensorboard --logdir runs/ada": "a server that runs until it is stopped",
    "pip install 'vits[serve,wyoming]'": INSTALLS,
    "vits serve voices/ada --wyoming 0.0.0.0:10200": SERVES,
    "vits serve --port 8000": SERVES,
    "vits serve demo/voice --port 8000": SERVES,
    "vits serve voices/ada german=voices/anna --host 0.0.0.0": SERVES,
    "vits fit -c configs/ljspeech.yaml --data.train prepared/ada "
    "--trainer.default_root_dir runs/ada": TRAINS,
    "vits fit -c configs/ljspeech.yaml --data.train prepared/ada "
    "--trainer.default_root_dir runs/ada --resume auto": TRAINS,
    "vits create recordings -o voices/me --minutes 45": TRAINS,
    "vits finetune kathleen prepared/ruth --trainer.default_root_dir runs/ruth": TRAINS,
    "vits finetune kathleen prepared/ruth --lora 8 "
    "--trainer.default_root_dir runs/ruth-lora": TRAINS,
    "vits bundle runs/ruth-lora -o ruth.safetensors --licence CC0-1.0": ADAPTS,
    'vits say "Hello." -o hello.wav --adapter ruth.safetensors': ADAPTS,
    "vits merge kathleen ruth.safetensors -o voices/ruth": ADAPTS,
    "vits finetune voices/mms-eng prepared/mms --trainer.default_root_dir runs/mms": TRAINS,
    "vits finetune voices/duo prepared/more --data.speaker carla "
    "--trainer.default_root_dir runs/trio": TRAINS,
    "vits finetune runs/ada prepared/carla --data.replay prepared/ada --data.replay_share 0.2 "
    "--trainer.default_root_dir runs/carla": TRAINS,
    "vits finetune runs/ada prepared/ada --model.training.alignment.source data "
    "--model.training.prior_segments.share 1 --model.training.loss_weights.kl 0 "
    "--model.training.freeze posterior --trainer.default_root_dir runs/ada-spoken": TRAINS,
    "vits evaluate voices/ruth prepared/held_out -o report": SLOW,
    "vits evaluate runs/ada prepared/held_out --language-model bigram --sentences story.txt": SLOW,
    "vits evaluate runs/ada prepared/held_out --checkpoints": SLOW,
}


class Block(NamedTuple):
    page: str
    line: int
    language: str
    code: str


def read_blocks(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    if page in NOTEBOOKS:
        for number, cell in enumerate(json.loads(text)["cells"]):
            code = "".join(cell["source"]) + "\n"
            shell = code.startswith(("!", "%"))
            if cell["cell_type"] == "code":
                yield Block(page, number, *(("bash", code[1:]) if shell else ("python", code)))
        return
    for match in re.finditer(r"^```(.*)\n([\s\S]*?)^```$", text, re.MULTILINE):
        line = text.count("\n", 0, match.start()) + 2
        yield Block(page, line, match[1].strip(), match[2])


def read_commands(block):
    """Split a shell block into commands; in ``console`` they follow a prompt."""
    lines = block.code.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#")]


BLOCKS = {page: list(read_blocks(page)) for page in PAGES}
COMMANDS = [
    command
    for blocks in BLOCKS.values()
    for block in blocks
    if block.language in SHELL
    for command in read_commands(block)
]


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_notebook_has_no_output(page):
    notebook = json.loads((ROOT / page).read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)


@pytest.mark.parametrize("page", MARKDOWN)
def test_every_block_has_a_known_language(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text.count("\n```") + text.startswith("```") == 2 * len(BLOCKS[page])
    for block in BLOCKS[page]:
        assert block.language in ("python", *SHELL, *SHOWN), (
            f"{page}:{block.line}: {block.language!r}"
        )


def test_every_exception_is_still_on_a_page():
    assert set(NOT_RUN) <= set(COMMANDS)


def test_the_readme_has_what_it_must_have():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for part in ("make demo", "make test", "vits.synthesize(", "GPL", "MIT"):
        assert part in text
    for name in SUBCOMMANDS:
        assert f"`vits {name}" in text


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page}: {target}"
        assert not heading or heading in headings(path), f"{page}: {target}#{heading}"


def headings(page):
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    text = re.sub(r"^```[\s\S]*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title.lower())) for title in titles}


@pytest.mark.parametrize("page", MARKDOWN)
def test_the_files_and_classes_that_a_page_names_exist(page, source_words):
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in BLOCKS[page]:
        text = text.replace(block.code, "")
    rooms = r"(?<![\w/.])(?:vits|tests|docs|configs|recipes|benchmarks)"
    for path in re.findall(rf"{rooms}/[\w./-]*\w", text):
        assert (ROOT / path).exists(), f"{page}: {path}"
    for code in re.findall(r"`([^`\n]+)`", text):
        for name in re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", code):
            assert name in source_words, f"{page}: {name}"


@pytest.fixture(scope="module")
def source_words():
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "vits").rglob("*.py"))
    return set(re.findall(r"\w+", text))


@pytest.mark.parametrize("page", DOCS)
def test_lines_fit_the_page(page):
    """Prose is wrapped at 120 columns; tables, code, and what the code makes, are not."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in BLOCKS[page]:
        text = text.replace(block.code, "")
    lines = text.splitlines()
    assert [x for x in lines if len(x) > 120 and not x.startswith(("|", "![", "::: "))] == []


@pytest.mark.parametrize("contents", ["docs/index.md", "mkdocs.yml"])
def test_every_page_is_listed(contents):
    text = (ROOT / contents).read_text(encoding="utf-8")
    listed = re.findall(r"(?<=[(\s])([\w/]+\.(?:md|ipynb))(?=[)\s#])", text)
    notebooks = NOTEBOOKS if contents == "docs/index.md" else ()
    assert {contents, *(f"docs/{name}" for name in listed)} == {contents, *DOCS, *notebooks}
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCKS[page]])
def test_a_page_runs_from_the_top(page, reader, monkeypatch):
    monkeypatch.chdir(reader)
    names = {}
    for block in BLOCKS[page]:
        if block.language == "python":
            code = "\n" * (block.line - 1) + block.code
            exec(compile(code, page, "exec"), names)
        elif block.language in SHELL:
            for command in read_commands(block):
                run_command(command, f"{page}:{block.line}: {command}")


def run_command(command, where):
    words = shlex.split(command)
    if command in NOT_RUN:
        if words[0] == "make":
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), where
        if words[:2] in (["vits", "fit"], ["vits", "finetune"]):
            check_fit(words[1:], where)
            run = Path(words[words.index("--trainer.default_root_dir") + 1])
            if not run.exists():  # what it would have left
                shutil.copytree("runs/ada", run)
        elif words[0] == "vits":
            build_parser().parse_args(words[1:])
    elif piped := re.fullmatch(r'echo "([^"$]*)" \| vits ([^|<>$;&]+)', command):
        pipe(piped[1], shlex.split(piped[2]), where)
    elif words[0] == "vits" and not set(command) & set("|<>$;&"):
        assert main(words[1:]) == 0, where
    else:
        run_shell(command, where)


def pipe(text, arguments, where):
    """Run a command that reads a text from a pipe, without the seconds of another process."""
    stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(f"{text}\n".encode()))
    try:
        assert main(arguments) == 0, where
    finally:
        sys.stdin = stdin


def check_fit(arguments, where):
    """Let the real parser read the flags and the files; it prints the settings and stops."""
    try:
        status = main([*arguments, "--print_config"])
    except SystemExit as stop:
        status = stop.code or 0
    assert status == 0, where


def run_shell(command, where):
    """Run a command in a real shell that finds this environment's programs first."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/sh", "-euc", command],
        env={"PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{where}\n{done.stderr}"


@pytest.fixture(scope="module")
def readers_folder(tmp_path_factory, make_bundle, make_pitched, make_config, checkpoint_values):
    """A folder with what the reader of a page is supposed to have."""
    import torch

    from vits import Vits
    from vits.config import FrontendConfig
    from vits.synthesis import write_voice
    from vits.text import Frontend, SymbolTable

    folder = tmp_path_factory.mktemp("reader") / "home"
    rng = np.random.default_rng(1)
    texts = ("The garden is blue.", "Ada sings today.", "Where is the old bridge?")
    (folder / "recordings" / "wavs").mkdir(parents=True)
    for number, _ in enumerate(texts):
        noise = rng.normal(0, 0.1, 22050 + 2205 * number)
        soundfile.write(folder / "recordings" / "wavs" / f"{number}.wav", noise, 22050)
    table = "".join(f"{number}|{text}\n" for number, text in enumerate(texts))
    (folder / "recordings" / "metadata.csv").write_text(table, encoding="utf-8")
    shutil.copytree(folder / "recordings", folder / "LJSpeech-1.1")
    (folder / "story.txt").write_text("It was late. The house slept.\n", encoding="utf-8")
    for name in ("recipes", "configs"):
        (folder / name).symlink_to(ROOT / name)

    frontend = Frontend(FrontendConfig(), SymbolTable.default())
    config = make_config(1, len(frontend.symbols))
    bundle = make_bundle(frontend=frontend, generator=Vits(config))
    for path in ("demo/voice", "runs/ada/checkpoints", "voices"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    write_voice(folder / "demo" / "voice", bundle)
    shutil.copytree(folder / "demo" / "voice", folder / "voices" / "mms-eng")
    (folder / "runs" / "ada" / "checkpoints").mkdir()
    values = checkpoint_values(bundle, step=20000)
    torch.save(values, folder / "runs" / "ada" / "checkpoints" / "last.ckpt")
    duo = Vits(make_config(2, len(frontend.symbols)))
    write_voice(
        folder / "voices" / "duo", make_bundle(["ada", "bob"], frontend=frontend, generator=duo)
    )
    write_voice(folder / "voices" / "pitched", make_pitched(frontend=frontend))
    return folder


@pytest.fixture
def reader(tmp_path, readers_folder, steady_pitch, steady_judges):
    """A copy of the reader's folder, and quick evaluators."""
    return shutil.copytree(readers_folder, tmp_path / "home", symlinks=True)


@pytest.fixture
def steady_judges(monkeypatch):
    """Evaluators that look at little: tests/evaluation runs the real ones."""
    from vits.evaluation.evaluators.naturalness import DnsMos
    from vits.evaluation.evaluators.recogniser import PocketSphinx

    monkeypatch.setattr(DnsMos, "rate", lambda self, samples, rate: 3.0)
    decode = PocketSphinx._decode
    monkeypatch.setattr(PocketSphinx, "_decode", lambda self, x, rate: decode(self, x[:800], rate))
