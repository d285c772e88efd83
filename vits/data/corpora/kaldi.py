"""Data folders of Kaldi and ESPnet: ``text``, ``wav.scp`` and ``utt2spk``."""

from collections.abc import Iterator
from pathlib import Path

from vits.data.corpora.recordings import Recordings
from vits.data.prepared.manifest import Row, numbered_lines
from vits.errors import DataError

__all__ = ["is_kaldi", "read_kaldi"]


def is_kaldi(root: Path) -> bool:
    """Return whether a folder has the files of Kaldi."""
    others = [root / "wav.scp", root / "utt2spk"]
    return (root / "text").is_file() and any(path.is_file() for path in others)


def read_kaldi(root: Path) -> Iterator[Row]:
    """Read a data folder of Kaldi or ESPnet.

    Args:
        root: a folder with ``text``; ``wav.scp`` names the recordings, otherwise the utterances
            do, below this folder; ``utt2spk`` names the speakers, if it exists.

    Yields:
        One row per utterance of ``text`` or ``wav.scp``, in their order; the text is empty if
        there is none.

    Raises:
        DataError: a recording is the output of a command, or a part of a longer recording.

    Source:
        https://kaldi-asr.org/doc/data_prep.html
    """
    if (root / "segments").is_file():
        raise DataError(
            f"{root / 'segments'} divides long recordings, which is not supported; cut them first, "
            "for example with extract-segments of Kaldi"
        )
    texts, paths = _read(root / "text"), _read(root / "wav.scp")
    speakers = _read(root / "utt2spk")
    for name, path in paths.items():
        if path.endswith("|"):
            raise DataError(
                f"{root / 'wav.scp'}: the recording of {name} is the output of a command "
                f"({path[:60]}); run the commands, and name their files"
            )
    recordings = Recordings(root, None).named(paths.values())
    for name in dict.fromkeys((*texts, *paths)):
        yield Row(
            id=name,
            audio=str(recordings.find(paths.get(name, name))),
            text=texts.get(name, ""),
            speaker=speakers.get(name, ""),
        )


def _read(path: Path) -> dict[str, str]:
    """Read a file of names and values; empty if it does not exist."""
    if not path.is_file():
        return {}
    parts = [line.split(maxsplit=1) for _, line in numbered_lines(path)]
    return {name: "".join(rest).strip() for name, *rest in parts}
