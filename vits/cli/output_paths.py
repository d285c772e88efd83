"""Whether files can be written, asked before any work is done."""

from pathlib import Path

from vits.errors import AudioError, MissingFileError

__all__ = ["require_audio", "require_folder"]


def require_audio(path: Path) -> None:
    """Require a name that tells the format of an audio file, in a folder that exists.

    Raises:
        AudioError: the ending is none of a format that can be written.
        MissingFileError: the folder does not exist.
    """
    from vits.audio.files import FORMATS

    if path.suffix.lower() not in FORMATS:
        raise AudioError(f"{path} must end in one of {', '.join(FORMATS)}")
    require_folder(path)


def require_folder(path: Path) -> None:
    """Require that the folder of a file exists.

    Raises:
        MissingFileError: it does not.
    """
    if not path.parent.is_dir():
        raise MissingFileError(f"folder {path.parent} does not exist; create it first")
