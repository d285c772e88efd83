"""Play speech while it is computed, with a player of the system."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from vits.errors import MissingFileError, VoiceError

__all__ = ["PLAYERS", "find_player", "open_player"]

PLAYERS = {
    "aplay": ("-q", "-"),
    "play": ("-q", "-t", "wav", "-"),  # of sox
    "ffplay": ("-autoexit", "-nodisp", "-loglevel", "quiet", "-i", "-"),
    "mpv": ("--really-quiet", "--no-video", "-"),
}
"""Programs that play a WAV from their standard input, and the arguments for it."""


def find_player() -> list[str]:
    """Return the command of the first player that is installed.

    Raises:
        MissingFileError: none is.
    """
    for name, arguments in PLAYERS.items():
        if program := shutil.which(name):
            return [program, *arguments]
    raise MissingFileError(
        f"no player is installed ({', '.join(PLAYERS)}); name a file: -o speech.wav"
    )


@contextmanager
def open_player() -> Iterator[BinaryIO]:
    """Start a player, which plays what is written to the stream; wait until it has played.

    Raises:
        MissingFileError: no player is installed.
        VoiceError: the player failed, e.g. because there is no sound device.
    """
    command, broken = find_player(), False
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as player:
        try:
            yield cast(BinaryIO, player.stdin)
        except BrokenPipeError:
            broken = True  # what it says explains it
        except BaseException:
            player.kill()
            raise
        _, said = player.communicate()
    if broken or player.returncode:
        reason = said.decode(errors="replace").strip() or f"exit status {player.returncode}"
        raise VoiceError(f"{command[0]} cannot play: {reason}; name a file: -o speech.wav")
