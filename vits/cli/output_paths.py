"""Checks of output paths, made before any work starts."""

from pathlib import Path

from vits.errors import AudioError, MissingFileError

__all__ = ["require_audio", "require_folder"]


def require_audio(path: Path) -> None:
    """Require the suffix of a supported audio format and an existing folder.

    Raises:
        AudioError: the suffix is not one of a supported format.
        MissingFileError: the folder does not exist.
    """
    from vits.audio.files import FORMATS

    if path.suffix.lower() not in FORMATS:
        raise AudioError(f"{path} must end in one of {', '.join(FORMATS)}")
    require_folder(path)


def require_folder(path: Path) -> None:
    """Require that the folder of a file exists.

    Raises:
        MissingFileError: the folder does not exist.
    """
    if not path.parent.is_dir():
        raise MissingFileError(f"folder {path.parent} does not exist; create it first")
