"""Publish a voice folder on the hub, with a model card."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vits.hub.client import Hub
from vits.synthesis.bundle.card import Card, render_readme

__all__ = ["model_card", "publish", "sample_files"]

FILES = (
    "config.json",
    "model.safetensors",
    "card.json",
    "discriminators.safetensors",
    "text.onnx",
    "wave.onnx",
    "flow.onnx",
    "decoder.onnx",
)
SAMPLES = "samples"  # recordings of the voice, which the page plays


def model_card(
    card: Card, sample_rate: int, language: str, speakers: tuple[str, ...], samples: Sequence[str]
) -> str:
    """Return a voice's README with the front matter that the hub reads.

    Args:
        card: the voice's card.
        sample_rate: samples per second (Hz).
        language: code of the language.
        speakers: names of the speakers.
        samples: paths of recordings beside the README.
    """
    family = language.partition("-")[0]
    front: dict[str, Any] = {
        "pipeline_tag": "text-to-speech",
        "library_name": "vits",
        "tags": ["vits", "text-to-speech"],
    }
    if card.licence:
        front["license"] = card.licence.lower()
    if family.isalpha() and family != "und":
        front["language"] = family
    if card.dataset:
        front["datasets"] = [card.dataset]
    if samples:
        front["widget"] = [{"text": Path(path).stem, "output": {"url": path}} for path in samples]
    # JSON values are YAML values
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items()]
    page = render_readme(card, sample_rate, language, speakers)
    players = "".join(f'\n<audio controls src="{path}"></audio>\n' for path in samples)
    return "---\n" + "\n".join(lines) + "\n---\n\n" + page + players


def sample_files(folder: Path) -> list[str]:
    """Return the recordings of a voice folder, relative to it."""
    found = (path for path in folder.glob(f"{SAMPLES}/*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def publish(hub: Hub, folder: Path, repository: str, readme: str, *, private: bool = False) -> str:
    """Upload a voice folder, with ``readme`` as its page; return the address of the commit.

    Args:
        hub: where to.
        folder: a voice folder.
        repository: ``owner/name``; it is created if it does not exist.
        readme: the page.
        private: create the repository for its owner only.

    Raises:
        VitsError: the hub does not answer or refuses.
    """
    present = [file for file in FILES if (folder / file).is_file()] + sample_files(folder)
    add = hub.package.CommitOperationAdd
    operations = [add("README.md", readme.encode())]
    operations += [add(file, str(folder / file)) for file in present]
    hub.ask(repository, lambda: hub.api.create_repo(repository, private=private, exist_ok=True))
    commit = hub.ask(
        repository,
        lambda: hub.api.create_commit(repository, operations, commit_message="Publish the voice"),
    )
    return str(commit.commit_url)
