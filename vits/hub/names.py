"""Names of voices: ``owner/name``, ``hf://owner/name@revision``, ``en_US-lessac-medium``."""

import re
from pathlib import Path
from typing import NamedTuple

from vits.errors import VoiceError

__all__ = ["PIPER", "VoiceName", "parse_name"]

PIPER = "rhasspy/piper-voices"  # repository of Piper's own voices
SCHEME, NEWEST = "hf://", "main"
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_REPOSITORY = re.compile(rf"({_PART}/{_PART})(?:@([A-Za-z0-9][A-Za-z0-9._/-]{{0,99}}))?")
_PIPER_VOICE = re.compile(
    r"(?P<family>[a-z]{2,3})_(?P<region>[A-Z]{2})-(?P<name>[a-z0-9_]{1,60})"
    r"-(?P<quality>x_low|low|medium|high)"
)
_FILES = (".onnx", ".pth", ".pt", ".ckpt", ".json", ".safetensors")


class VoiceName(NamedTuple):
    """Where a voice is published.

    Attributes:
        shown: the name as the user wrote it.
        repository: ``owner/name`` on the hub.
        revision: branch, tag or commit.
        folder: folder of the repository; "" for its top.
    """

    shown: str
    repository: str
    revision: str = NEWEST
    folder: str = ""


def parse_name(text: str) -> VoiceName | None:
    """Return where a voice is published, or None if the text is a path.

    ``owner/name`` is a path if there is a folder ``owner`` here.

    Raises:
        VoiceError: it begins with ``hf://`` and is no name.

    >>> parse_name("en_US-lessac-medium").folder
    'en/en_US/lessac/medium'
    """
    found = _PIPER_VOICE.fullmatch(text)
    if found:
        code = f"{found['family']}_{found['region']}"
        folder = f"{found['family']}/{code}/{found['name']}/{found['quality']}"
        return VoiceName(text, PIPER, folder=folder)
    explicit = text.startswith(("hf:/", SCHEME))  # one slash is left of two in a Path
    text = re.sub("^hf:/+", SCHEME, text)
    match = _REPOSITORY.fullmatch(text.removeprefix(SCHEME))
    if explicit and not match:
        raise VoiceError(f"{text[:200]} is no name of a voice; write hf://owner/name@revision")
    if not match or (not explicit and _is_path(text)):
        return None
    return VoiceName(text, match[1], match[2] or NEWEST)


def _is_path(text: str) -> bool:
    return text.endswith(_FILES) or Path(text).parent.exists()
