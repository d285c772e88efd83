"""Time to the first audio over Wyoming, beside that of the voice's own stream.

    python benchmarks/first_audio.py --rounds 10

Both are asked in turn for the same texts in one process. The time of the CPU is that of the whole
process, client included: it shows the work, whatever else the machine does.
"""

import argparse
import asyncio
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from vits.server.app import create_app
from vits.server.lifespan import Server, listen
from vits.synthesis import OnnxVoice, Voice, load
from vits.synthesis.api import DEFAULT_VOICE

TEXTS = (
    "Good morning.",
    "How are you? I am fine.",
    "The garden behind the old house is quiet. Nobody is there today.",
)


class First(NamedTuple):
    """Times to the first audio (seconds)."""

    wall: float
    cpu: float


def ask_voice(voice: Voice | OnnxVoice, text: str) -> First:
    """Stream a text from the voice."""
    wall, cpu = time.perf_counter(), time.process_time()
    chunks = voice.stream(text, seed=0)
    next(chunks)
    first = First(time.perf_counter() - wall, time.process_time() - cpu)
    for _ in chunks:
        pass
    return first


async def ask_server(port: int, text: str) -> First:
    """Stream a text from the server."""
    async with AsyncTcpClient("127.0.0.1", port) as client:
        wall, cpu = time.perf_counter(), time.process_time()
        await client.write_event(Synthesize(text).event())
        first: First | None = None
        while (event := await client.read_event()) is not None and event.type != "error":
            if first is None and AudioChunk.is_type(event.type):
                first = First(time.perf_counter() - wall, time.process_time() - cpu)
            if AudioStop.is_type(event.type) and first is not None:
                return first
    raise SystemExit("the server sent no audio")


def main() -> int:
    """Print the median times of every text."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--voice", type=Path, default=DEFAULT_VOICE)
    args = parser.parse_args()
    voice, ready = load(args.voice), threading.Event()
    with listen("127.0.0.1", 0) as http, listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        server = Server(create_app({"voice": voice}, wyoming=sock), ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [http]})
        thread.start()
        ready.wait(60)
        try:
            for text in TEXTS:
                ask_voice(voice, text)
                asyncio.run(ask_server(port, text))  # the first of each is not counted
                pairs = [
                    (ask_voice(voice, text), asyncio.run(ask_server(port, text)))
                    for _ in range(args.rounds)
                ]
                for name, index in (("voice", 0), ("wyoming", 1)):
                    wall = statistics.median(pair[index].wall for pair in pairs)
                    cpu = statistics.median(pair[index].cpu for pair in pairs)
                    print(f"{name:8s} {1000 * wall:5.0f} ms, CPU {1000 * cpu:5.0f} ms  {text}")
        finally:
            server.should_exit = True
            thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
