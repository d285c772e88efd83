"""Does a server give many clients at once, for long, what the voice says alone?

    python benchmarks/soak.py --minutes 10 --clients 64 --json soak.json
    python benchmarks/soak.py --voice voices/ada --speakers ada bob --threads 4

Starts `vits serve` on a free port of this machine and lets clients ask for speech without a pause:
whole files, streams, events and, now and then, mistakes. Before that every text is spoken by the
voice alone, with the same seed; an answer must have the same length and differ by one 16-bit step
at most. `memory` is the server's resident size, from its own metrics: at the end of the warm-up (a
quarter of the time), and at the end, each the median of the readings around it. The exit status
is 0 if every answer was right, no 5xx came but a deliberate 503, and memory grew by less than 5 %.
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vits.audio.files import to_pcm16
from vits.synthesis import load
from vits.synthesis.api import DEFAULT_VOICE

TEXTS = (
    "Good morning.",
    "The garden behind the old house is quiet.",
    "How are you today? I am fine, thank you.",
    "It was the third of May, and 17 boats went out to sea.",
    "Colonel Wright knew the gnome's psalm.",
    "She sells sea shells, and he sells the rest. Nobody buys any!",
    "One.",
    "The quick brown fox jumps over the lazy dog, and then it goes home to sleep.",
)
MISTAKES = (
    ({"input": ""}, 400),
    ({"speed": 9}, 400),
    ({"model": "eve"}, 404),
    ({"input": "😀"}, 422),
)
SAMPLED = 2.0  # seconds between two readings of the memory
GROWTH = 0.05


class Order(NamedTuple):
    """A request and the samples it must give."""

    body: dict[str, Any]
    samples: np.ndarray


class Found:
    """What the clients have found, counted under a lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.largest = 0
        self.seconds: list[float] = []

    def add(self, kind: str, status: int, seconds: float, wrong: str, step: int) -> None:
        """Count one answer."""
        with self.lock:
            self.statuses[str(status)] += 1
            self.kinds[kind] += 1
            self.seconds.append(seconds)
            self.largest = max(self.largest, step)
            if wrong:
                self.wrong.append(f"{kind}: {wrong}")


def make_orders(folder: Path, name: str, speakers: list[str], n_seeds: int) -> list[Order]:
    """Let the voice speak every text alone."""
    voice = load(folder)
    orders: list[Order] = []
    for speaker in speakers or [None]:
        for seed in range(n_seeds):
            for text in TEXTS:
                speech = voice(text, seed=seed, speaker=speaker)
                body: dict[str, Any] = {"model": name, "input": text, "seed": seed}
                body |= {"response_format": "pcm"} | ({"voice": speaker} if speaker else {})
                orders.append(Order(body, to_pcm16(np.clip(speech.samples, -1, 1))))
    return orders


def ask(connection: http.client.HTTPConnection, body: dict[str, Any]) -> tuple[int, bytes]:
    """Send one request and read the whole answer."""
    headers = {"content-type": "application/json"}
    connection.request("POST", "/v1/audio/speech", json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def join_events(data: bytes) -> bytes:
    """Return the samples in server-sent events."""
    events = [json.loads(part[6:]) for part in data.decode().split("\n\n") if part]
    if events[-1]["type"] != "speech.audio.done":
        raise ValueError(f"the events end with {events[-1]}")
    return b"".join(base64.b64decode(event["audio"]) for event in events if "audio" in event)


def compare(order: Order, data: bytes) -> tuple[str, int]:
    """Return what is wrong, and the largest difference in 16-bit steps."""
    samples = np.frombuffer(data, "<i2")
    if samples.shape != order.samples.shape:
        return f"{samples.shape} samples are not {order.samples.shape}: {order.body}", 0
    step = int(np.abs(samples.astype(int) - order.samples).max())
    return (f"{step} steps apart: {order.body}" if step > 1 else ""), step


def be_client(number: int, port: int, orders: list[Order], end: float, found: Found) -> None:
    """Ask until the time is over."""
    chance = random.Random(number)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while time.monotonic() < end:
        kind = chance.choices(("whole", "stream", "events", "mistake"), (70, 15, 10, 5))[0]
        order = chance.choice(orders)
        body, expected = dict(order.body), 200
        if kind == "mistake":
            change, expected = chance.choice(MISTAKES)
            body |= change
        elif kind != "whole":
            body["stream_format"] = "sse" if kind == "events" else "audio"
        started = time.perf_counter()
        try:
            status, data = ask(connection, body)
            seconds = time.perf_counter() - started
            wrong, step = "", 0
            if status == 200 == expected:
                wrong, step = compare(order, join_events(data) if kind == "events" else data)
            elif status not in (expected, 503):
                wrong = f"status {status}, expected {expected}: {data[:200]!r}"
            elif status == 503:
                time.sleep(1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            status, seconds, wrong, step = 0, time.perf_counter() - started, repr(error), 0
        found.add(kind, status, seconds, wrong, step)
    connection.close()


def read_memory(port: int) -> float:
    """Return the server's resident size (MiB)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    (line,) = [x for x in text.splitlines() if x.startswith("process_resident_memory_bytes ")]
    return float(line.split()[1]) / 2**20


def soak(port: int, orders: list[Order], clients: int, minutes: float) -> dict[str, Any]:
    """Let clients ask for a time and return the figures."""
    found, readings = Found(), list[tuple[float, float]]()
    started = time.monotonic()
    end = started + 60 * minutes
    threads = [
        threading.Thread(target=be_client, args=(number, port, orders, end, found))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        readings.append((time.monotonic() - started, read_memory(port)))
        time.sleep(SAMPLED)
    for thread in threads:
        thread.join()
    early = [size for at, size in readings if 0.2 * 60 * minutes <= at <= 0.3 * 60 * minutes]
    late = [size for at, size in readings if at >= 0.9 * 60 * minutes]
    before = statistics.median(early or [readings[0][1]])
    after = statistics.median(late or [readings[-1][1]])
    took = sorted(found.seconds)
    return {
        "clients": clients,
        "minutes": minutes,
        "answers": sum(found.statuses.values()),
        "kinds": dict(found.kinds),
        "statuses": dict(sorted(found.statuses.items())),
        "wrong": len(found.wrong),
        "first_wrong": found.wrong[:5],
        "largest_step": found.largest,
        "median_s": statistics.median(took),
        "p95_s": took[int(0.95 * (len(took) - 1))],
        "memory_mib": {"warm": before, "end": after, "all": [size for _, size in readings]},
        "memory_growth": after / before - 1,
    }


def main() -> int:
    """Start a server, soak it, stop it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--voice", type=Path, default=DEFAULT_VOICE, help="(the one in the box)")
    parser.add_argument("--speakers", nargs="*", default=[], help="names; none: the first")
    parser.add_argument("--seeds", type=int, default=4, help="of every text")
    parser.add_argument("--threads", type=int, default=1, help="of torch in the server")
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    orders = make_orders(args.voice, "soaked", args.speakers, args.seeds)
    command = [sys.executable, "-m", "vits", "serve", f"soaked={args.voice}", "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line.startswith("http://"):
            raise SystemExit("the server does not start")
        try:
            port = int(line.split()[0].rsplit(":", 1)[1])
            figures = soak(port, orders, args.clients, args.minutes)
        finally:
            server.terminate()
        figures["server_status"] = server.wait(60)
    memory = figures["memory_mib"]
    for name in ("answers", "kinds", "statuses", "wrong", "first_wrong", "largest_step"):
        print(f"{name:14s} {figures[name]}")
    print(f"{'seconds':14s} median {figures['median_s']:.2f}, 95 % {figures['p95_s']:.2f}")
    print(
        f"{'memory':14s} {memory['warm']:.0f} MiB to {memory['end']:.0f} MiB, "
        f"{figures['memory_growth']:+.1%}"
    )
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")
    broken = figures["wrong"] or figures["server_status"]
    return 1 if broken or figures["memory_growth"] >= GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
