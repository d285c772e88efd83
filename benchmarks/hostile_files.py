"""Hostile files of every kind that a command opens, for ``fuzz.py --attack``.

Each case writes files into an empty folder and names the command that opens them: voices,
checkpoints, graphs, configurations of training, recordings and tables. They try to run a command,
to fill the memory, to wait for ever, or to lead outside of their folder.
"""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
import torch

__all__ = ["MARK", "Case", "cases"]

MARK = "harm-was-done"
HUGE = 10**9
DEEP = "[" * 100_000


class Case(NamedTuple):
    """A hostile file.

    Attributes:
        kind: what it claims to be.
        name: what is wrong with it.
        write: writes it into a folder; returns the arguments of the command that opens it.
    """

    kind: str
    name: str
    write: Callable[[Path], list[str]]


class Harm:
    """Touches a file when it is unpickled by a careless reader."""

    def __init__(self, folder: Path) -> None:
        self.command = f"touch {folder / MARK}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Return what a careless reader calls."""
        return os.system, (self.command,)


def cases(voice: Path) -> list[Case]:
    """Return all cases.

    Args:
        voice: a voice folder, which is only read.
    """
    kinds = {
        "voice": _voices(voice),
        "weights": _weights(voice),
        "checkpoint": _checkpoints(),
        "graph": _graphs(),
        "yaml": _yaml(),
        "recording": _recordings(),
        "table": _tables(),
    }
    return [Case(kind, name, write) for kind, made in kinds.items() for name, write in made.items()]


Writers = dict[str, Callable[[Path], list[str]]]


def _say(folder: Path) -> list[str]:
    return ["say", "Hello.", "--voice", str(folder / "voice"), "-o", str(folder / "out.wav")]


def _copy(voice: Path, folder: Path) -> Path:
    """Make a voice folder of links; whoever changes a file unlinks it before."""
    target = folder / "voice"
    target.mkdir()
    for path in voice.iterdir():
        (target / path.name).symlink_to(path)
    return target


def _replace(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _voices(voice: Path) -> Writers:
    """Voices whose settings lie."""
    config = json.loads((voice / "config.json").read_bytes())

    def text(name: str, content: str) -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            _replace(_copy(voice, folder) / name, content.encode("utf-8", "surrogateescape"))
            return _say(folder)

        return write

    def edited(keys: str, value: Any) -> Callable[[Path], list[str]]:
        changed = json.loads(json.dumps(config))
        *path, last = keys.split(".")
        place = changed
        for key in path:
            place = place[key]
        place[last] = value
        return text("config.json", json.dumps(changed))

    laughs = "[" * 60 + '"' + "ha" * 60 + '"' + "]" * 60
    return {
        "a billion layers": edited("model.text_encoder.n_layers", HUGE),
        "channels beyond memory": edited("model.hidden_channels", 10**7),
        "an integer of 64 bits and more": edited("model.hidden_channels", 2**70),
        "negative channels": edited("model.latent_channels", -4),
        "no heads": edited("model.text_encoder.n_heads", 0),
        "a hop of nothing": edited("model.audio.hop_length", 0),
        "a long hop": edited("model.audio.hop_length", HUGE),
        "a rate of nothing": edited("model.audio.sample_rate", 0),
        "100,000 speakers": edited("speakers", [str(i) for i in range(100_000)]),
        "speakers that move the cursor": edited("speakers", ["\x1b[2J", "../../x"]),
        "a deep list as a number": edited("model.n_symbols", json.loads(laughs)),
        "a text as a number": edited("model.segment_frames", "x" * 100_000),
        "a lexicon of lists": edited("frontend.lexicon", {"a": [["b"] * 1000]}),
        "another program's language": edited("frontend.config.language", "-f /etc/passwd"),
        "a language that is a path": edited("frontend.config.language", "../../../etc/passwd"),
        "a backend that is a module": edited("frontend.config.backend", "os.system"),
        "an unknown key": edited("model.class_path", "os.system"),
        "a future format": edited("format", 10**6),
        "deep nesting": text("config.json", DEEP),
        "a key twice": text("config.json", '{"format": 1, "format": 1}'),
        "NaN": text("config.json", '{"format": NaN}'),
        "no UTF-8": text("config.json", '{"format": "\udcff"}'),
        "40 MB of JSON": text("config.json", '{"format": "' + "x" * (40 << 20) + '"}'),
        "a number of a million digits": text("config.json", f'{{"format": {"9" * 1_000_000}}}'),
        "an empty file": text("config.json", ""),
        "a card of lists": text("card.json", '{"name": [[["x"]]]}'),
        "a deep card": text("card.json", DEEP),
    }


def _weights(voice: Path) -> Writers:
    """Voices whose weights lie."""

    def data(content: Callable[[Path], bytes]) -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            _replace(_copy(voice, folder) / "model.safetensors", content(folder))
            return _say(folder)

        return write

    def link(make: Callable[[Path], None]) -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            path = _copy(voice, folder) / "model.safetensors"
            path.unlink()
            make(path)
            return _say(folder)

        return write

    def header(size: int, body: bytes = b"") -> Callable[[Path], list[str]]:
        return data(lambda _: struct.pack("<Q", size) + body)

    large = b'{"a":{"dtype":"F32","shape":[99999999999],"data_offsets":[0,4]}}  '
    many = json.dumps(
        {str(i): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(50_000)}
    ).encode()
    return {
        "a header beyond the file": header(1 << 62),
        "a header that is no JSON": header(8, b"not json"),
        "no tensors": header(2, b"{}"),
        "a tensor beyond the file": header(len(large), large),
        "50,000 tensors": header(len(many), many),
        "a pickle": data(lambda folder: pickle.dumps(Harm(folder))),
        "half a file": data(lambda _: (voice / "model.safetensors").read_bytes()[:5000]),
        "an endless device": link(lambda path: path.symlink_to("/dev/zero")),
        "a pipe that nobody writes": link(os.mkfifo),
        "a link to itself": link(lambda path: path.symlink_to(path.name)),
        "a folder": link(lambda path: path.mkdir()),
    }


def _checkpoints() -> Writers:
    """Checkpoints of training and of other projects."""

    def file(
        name: str, make: Callable[[Path, Path], None], *command: str
    ) -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            source = folder / "source"
            source.mkdir()
            (source / "config.json").write_text('{"data": {}, "model": {}, "train": {}}')
            make(folder, source / name)
            opened = source / name if command[0] == "bundle" else source
            return [command[0], str(opened), *(str(folder / word) for word in command[1:])]

        return write

    def code(folder: Path, path: Path) -> None:
        torch.save({"state_dict": Harm(folder), "model": Harm(folder)}, path)

    def bare(folder: Path, path: Path) -> None:
        path.write_bytes(pickle.dumps(Harm(folder)))

    def in_zip(folder: Path, path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Harm(folder)))
            archive.writestr(f"../../{MARK}", b"x")

    def in_tar(folder: Path, path: Path) -> None:
        with tarfile.open(path, "w") as archive:
            content = pickle.dumps(Harm(folder))
            info = tarfile.TarInfo(f"../../{MARK}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

    def bomb(folder: Path, path: Path) -> None:
        del folder
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("archive/data.pkl", "w", force_zip64=True) as file,
        ):
            for _ in range(256):
                file.write(bytes(1 << 20))

    def expanded(folder: Path, path: Path) -> None:
        del folder
        torch.save({"model": {"enc_p.proj.bias": torch.zeros(1).expand(1 << 40)}}, path)

    def pipe(folder: Path, path: Path) -> None:
        del folder
        os.mkfifo(path)

    makers = {
        "code": code,
        "a bare pickle": bare,
        "code and a path in a zip": in_zip,
        "code and a path in a tar": in_tar,
        "a zip bomb": bomb,
        "a tensor of no size that claims terabytes": expanded,
        "a pipe": pipe,
    }
    ours = {
        f"{name}, of training": file("last.ckpt", make, "bundle", "out")
        for name, make in makers.items()
    }
    foreign = {
        f"{name}, of the original": file("G_0.pth", make, "convert", "out")
        for name, make in makers.items()
    }
    return ours | foreign


def _graphs() -> Writers:
    """ONNX graphs beside settings in Piper's form."""

    def graph(make: Callable[[Path], bytes]) -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            (folder / "v.onnx").write_bytes(make(folder))
            settings = {"audio": {"sample_rate": 16000}, "phoneme_id_map": {"a": [1]}}
            settings |= {"num_symbols": 2, "num_speakers": 1, "espeak": {"voice": "en-us"}}
            (folder / "v.onnx.json").write_text(json.dumps(settings))
            return ["convert", str(folder / "v.onnx"), str(folder / "out")]

        return write

    def field(number: int, content: bytes) -> bytes:
        """Return a length-delimited field of a protocol buffer."""
        size, length = len(content), b""
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + content

    def external(folder: Path) -> bytes:
        (folder / "weights").write_bytes(b"x")
        entry = field(1, b"location") + field(2, b"../../../../etc/passwd")
        return field(7, field(5, b"\x08\x04\x10\x01" + field(8, b"w") + field(13, entry)))

    def nested(folder: Path) -> bytes:
        del folder
        inner = b""
        for _ in range(2000):  # a graph in an attribute of a node of a graph
            inner = field(1, field(5, field(6, inner)))
        return field(7, inner)

    return {
        "nothing": graph(lambda _: b""),
        "a text": graph(lambda _: b"hello, world" * 1000),
        "a length beyond the file": graph(lambda _: b"\x3a\xff\xff\xff\xff\x0f"),
        "numbers without an end": graph(lambda _: b"\xff" * 10_000),
        "weights of another file": graph(external),
        "a huge tensor": graph(
            lambda _: field(7, field(5, b"\x08\x80\x80\x80\x80\x80\x20\x10\x01" + field(8, b"w")))
        ),
        "graphs in graphs": graph(nested),
        "200,000 nodes": graph(lambda _: field(7, field(1, field(4, b"Add")) * 200_000)),
        "a pickle": graph(lambda folder: pickle.dumps(Harm(folder))),
    }


def _yaml() -> Writers:
    """Configurations of ``vits fit``."""

    def config(text: str) -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            (folder / "a.yaml").write_text(text.replace("MARK", str(folder / MARK)))
            return ["fit", "-c", str(folder / "a.yaml")]

        return write

    lines = [f"a0: &a0 [{', '.join(['lol'] * 9)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    popen = "{class_path: subprocess.Popen, init_args: {args: [touch, MARK]}}"
    return {
        "laughs": config("\n".join(lines)),
        "a cycle": config("a: &a [*a]"),
        "deep nesting": config(DEEP),
        "a tag that calls": config("a: !!python/object/apply:os.system ['touch MARK']"),
        "a tag that makes": config("a: !!python/object/new:os.system ['touch MARK']"),
        "a class for a logger": config(f"trainer: {{logger: {popen}}}"),
        "a class for a callback": config(f"trainer: {{callbacks: [{popen}]}}"),
        "a class for the data": config(f"data: {popen}"),
        "many keys": config("\n".join(f"k{i}: {i}" for i in range(200_000))),
        "bytes": config("\x00\x01\x02"),
        "a large number": config("trainer: {max_steps: 1e400}"),
    }


def _recordings() -> Writers:
    """Recordings whose header lies, in a corpus of one."""

    def corpus(name: str, make: Callable[[Path], object]) -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            (folder / "wavs").mkdir()
            make(folder / "wavs" / name)
            (folder / "metadata.csv").write_text(f"{name}|Hello.\n")
            return [
                "prepare", str(folder / "metadata.csv"), "-o", str(folder / "out"),
                "--backend", "graphemes", "--sample-rate", "16000", "--workers", "1",
            ]  # fmt: skip

        return write

    def flac(samples: int) -> Callable[[Path], object]:
        def make(path: Path) -> None:
            soundfile.write(path, 0.1 * np.sin(np.arange(16000)), 16000, format="FLAC")
            data = bytearray(path.read_bytes())
            (word,) = struct.unpack_from(">Q", data, 18)
            struct.pack_into(">Q", data, 18, word >> 36 << 36 | samples)
            path.write_bytes(data)

        return make

    def wav(
        channels: int = 1, rate: int = 16000, bits: int = 16, size: int = 32000, riff: int = 32036
    ) -> Callable[[Path], object]:
        frame = channels * bits // 8
        numbers = 1, channels, rate, rate * frame & 0xFFFFFFFF, frame & 0xFFFF, bits
        head = (
            b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *numbers)
        )
        tone = (3000 * np.sin(np.arange(16000))).astype("<i2").tobytes()
        return lambda path: path.write_bytes(head + b"data" + struct.pack("<I", size) + tone)

    chunks = b"RIFF\xff\xff\xff\x7fWAVE" + b"junk\x00\x00\x00\x00" * 100_000
    nan = np.full(16000, np.nan, np.float32)
    return {
        "a FLAC of unknown length": corpus("a.flac", flac(0)),
        "a FLAC of 2^36 samples": corpus("a.flac", flac((1 << 36) - 1)),
        "a WAV of 4 GB": corpus("a.wav", wav(size=0x7FFFEFFF)),
        "a WAV of 65,535 channels": corpus("a.wav", wav(channels=65535)),
        "a WAV of 1 Hz": corpus("a.wav", wav(rate=1)),
        "a WAV of 4 GHz": corpus("a.wav", wav(rate=0xFFFFFFFF)),
        "a WAV of no bits": corpus("a.wav", wav(bits=0)),
        "100,000 chunks": corpus("a.wav", lambda path: path.write_bytes(chunks)),
        "not a number": corpus(
            "a.wav", lambda path: soundfile.write(path, nan, 16000, "FLOAT", format="WAV")
        ),
        "an endless device": corpus("a.wav", lambda path: path.symlink_to("/dev/zero")),
        "a pipe": corpus("a.wav", os.mkfifo),
        "a folder": corpus("a.wav", lambda path: path.mkdir()),
        "a program as m4a": corpus("a.m4a", lambda path: path.write_bytes(b"\x7fELF" * 999)),
        "a playlist as mp3": corpus(
            "a.mp3", lambda path: path.write_text("#EXTM3U\nfile:///etc/passwd\n")
        ),
    }


def _tables() -> Writers:
    """Tables of a corpus."""

    def table(data: bytes, name: str = "metadata.csv") -> Callable[[Path], list[str]]:
        def write(folder: Path) -> list[str]:
            tone = 0.1 * np.sin(np.arange(16000))
            soundfile.write(folder / "k.wav", tone, 16000)
            (folder / name).write_bytes(data)
            return [
                "prepare", str(folder / name), "-o", str(folder / "out"),
                "--backend", "graphemes", "--sample-rate", "16000", "--workers", "1",
            ]  # fmt: skip

        return write

    return {
        "paths outside": table(b"../../../../etc/passwd|Hello.\n/dev/zero|Hello.\n"),
        "bytes": table(bytes(range(256)) * 100),
        "a NUL in a path": table(b"k\x00.wav|Hello.\n"),
        "a line of 50 MB": table(b"k.wav|" + b"Hello. " * (7 << 20)),
        "100,000 columns": table(b"k.wav" + b"|x" * 100_000),
        "an open quote": table(b'k.wav,"Hello.\n' * 10_000),
        "deep JSON": table(DEEP.encode(), "a.jsonl"),
        "deep objects": table(b'{"file_name": "k.wav", "text": ' + DEEP.encode(), "a.jsonl"),
        "a text of lists": table(b'{"file_name": "k.wav", "text": [[["x"]]]}', "a.jsonl"),
        "brackets in a text": table(b"k.wav|" + b"[[" * 100_000),
        "a symbol of ten bytes": table("k.wav|a\u0301\u0302\u0303".encode() * 10_000),
    }
