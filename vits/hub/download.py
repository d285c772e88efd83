"""Download a voice's files: settings and weights that hold no code, each checked by its hash."""

import hashlib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from vits.errors import MissingFileError, VoiceError
from vits.hub.catalogue import read_digests
from vits.hub.client import Hub
from vits.hub.names import PIPER, VoiceName

__all__ = ["Published", "choose_files", "download", "look_up"]

ALLOWED = ("*.json", "*.safetensors", "vocab.*", "*.onnx", "tokens.txt", "lexicon.txt")
ROUNDED = (".int8.onnx", ".fp16.onnx")  # sherpa-onnx's repositories have them beside the voice
PICKLES = ("*.bin", "*.ckpt", "*.pkl", "*.pt", "*.pth")
LARGEST = 2 << 30  # bytes of one file


class Published(NamedTuple):
    """A voice on the hub.

    Attributes:
        name: what was asked for.
        commit: the revision's commit.
        files: path in the repository -> hash of the file, as ``_hash`` writes it.
        size: bytes of all these files.
        licence: what the model card states, or "".
        address: page of the voice.
    """

    name: VoiceName
    commit: str
    files: Mapping[str, str]
    size: int
    licence: str
    address: str


def look_up(hub: Hub, name: VoiceName) -> Published:
    """Ask the hub for a voice; nothing is downloaded.

    Raises:
        VitsError: it is not there, is not shown, or has no file that may be opened.
    """

    def request() -> Any:
        return hub.api.model_info(name.repository, revision=name.revision, files_metadata=True)

    info = hub.ask(name.shown, request)
    entries = {str(entry.rfilename): entry for entry in info.siblings or ()}
    files = choose_files(entries, name)
    for path in files:
        if int(entries[path].size or 0) > LARGEST:
            raise VoiceError(f"{path} of {name.shown} is larger than {LARGEST >> 30} GiB")
    data = info.card_data
    licence = str(data.get("license") or "") if data is not None else ""
    page = f"{hub.endpoint}/{info.id}"
    return Published(
        name=name,
        commit=str(info.sha),
        files={path: _stated_hash(entries[path]) for path in files},
        size=sum(int(entries[path].size or 0) for path in files),
        licence="" if licence == "other" else licence,
        address=f"{page}/tree/{info.sha}/{name.folder}".rstrip("/") if name.folder else page,
    )


def choose_files(paths: Iterable[str], name: VoiceName) -> list[str]:
    """Return the files of a voice among those of its repository.

    Raises:
        MissingFileError: there is no such folder.
        VoiceError: the weights are pickles only, or there are several voices.
    """
    inside = {path: path.rpartition("/") for path in paths}
    names = {file: path for path, (folder, _, file) in inside.items() if folder == name.folder}
    if not names:
        raise MissingFileError(f"{name.repository} has no voice {name.shown}; see: vits voices")
    graphs = sorted(file for file in names if file.endswith(".onnx"))
    exact = [graph for graph in graphs if not graph.endswith(ROUNDED)]
    graphs = exact or graphs
    if any(file.endswith(".safetensors") for file in names):
        graphs = []
    elif not graphs:
        pickles = sorted(file for file in names if _matches(file, PICKLES))
        if pickles:
            raise VoiceError(
                f"{name.shown} has its weights as {pickles[0]} only, which can hold code and is "
                "not downloaded; fetch it yourself and read it with vits convert"
            )
        raise VoiceError(f"{name.shown} has no *.safetensors and no *.onnx: it holds no voice")
    elif len(graphs) > 1 and "model.onnx" not in graphs:
        raise VoiceError(
            f"{name.shown} has {len(graphs)} graphs; fetch one yourself, e.g. {graphs[0]}"
        )
    graph = "model.onnx" if "model.onnx" in graphs else (graphs or [""])[0]
    return sorted(
        path
        for file, path in names.items()
        if _matches(file, ALLOWED) and (not file.endswith(".onnx") or file == graph)
    )


def download(hub: Hub, voice: Published) -> Path:
    """Download the files of a voice into the hub's cache, and return their folder.

    An interrupted download resumes.

    Raises:
        VitsError: the hub does not answer or refuses, the disk is full, or a hash is wrong.
    """
    folder = Path()
    stated = dict(voice.files)
    if voice.name.repository == PIPER:
        stated |= read_digests(hub, voice.name)
    for file in voice.files:

        def request(file: str = file) -> str:
            return hub.package.hf_hub_download(
                voice.name.repository,
                file,
                revision=voice.commit,
                cache_dir=hub.cache,
                endpoint=hub.endpoint,
                token=hub.token,
            )

        path = Path(hub.ask(voice.name.shown, request))
        for expected in {voice.files[file], stated[file]} - {""}:
            if _hash(path, expected.partition(":")[0]) != expected:
                path.resolve().unlink()
                path.unlink(missing_ok=True)
                raise VoiceError(
                    f"{file} of {voice.name.shown} is not what {hub.endpoint} announced: its hash "
                    "is wrong; download it again"
                )
        folder = path.parent
    return folder


def _matches(file: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(file, pattern) for pattern in patterns)


def _stated_hash(entry: Any) -> str:
    """Return the hash that the hub states of a file, or ""."""
    if entry.lfs is not None:
        return f"sha256:{entry.lfs.sha256}"
    return f"git:{entry.blob_id}" if entry.blob_id else ""


def _hash(path: Path, kind: str) -> str:
    """Return the hash of a file: ``sha256:...``, ``md5:...``, or git's of a blob, ``git:...``."""
    name = "sha1" if kind == "git" else kind
    digest = hashlib.new(name, usedforsecurity=False)
    if kind == "git":
        digest.update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return f"{kind}:{digest.hexdigest()}"
