"""Load test of the server: is every response of a long run under load what the voice says alone?

    python benchmarks/soak.py --minutes 10 --clients 64 --json soak.json
    python benchmarks/soak.py --voice voices/ada --speakers ada bob --threads 4
    python benchmarks/soak.py --minutes 10 --clients 2 --attack

Starts `vits serve` on a free port and lets clients send requests without a pause: complete files,
streams, events and some invalid requests. The expected samples are synthesized first, by the voice
alone with the same seed; a response must have the same length and differ by at most one 16-bit
step. `memory` is the server's resident size from its own metrics, after the warm-up (a quarter of
the time) and at the end, each the median of the readings around that time. The exit status is 0 if
every response is correct, the only 5xx is a 503 under load, and memory grows by less than 5 %.

With ``--attack`` misbehaving clients (``attacks.py``) run beside the others, and the time of short
texts beside long ones is compared with their time alone.
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from attacks import ATTACKS, attack

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
INVALID = (
    ({"input": ""}, 400),
    ({"speed": 9}, 400),
    ({"model": "eve"}, 404),
    ({"input": "😀"}, 422),
)
MEMORY_INTERVAL = 2.0  # seconds between two readings of the memory
MAX_GROWTH = 0.05
BUG = re.compile(r" 5(?!03)\d\d$")


class Expected(NamedTuple):
    """A request and its expected samples."""

    body: dict[str, Any]
    samples: np.ndarray


class Results:
    """Results of all clients, guarded by a lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.faults: list[str] = []
        self.largest_step = 0
        self.seconds: list[float] = []

    def add(self, kind: str, status: int, seconds: float, fault: str, step: int) -> None:
        """Add one response."""
        with self.lock:
            self.statuses[str(status)] += 1
            self.kinds[kind] += 1
            self.seconds.append(seconds)
            self.largest_step = max(self.largest_step, step)
            if fault:
                self.faults.append(f"{kind}: {fault}")


def make_requests(folder: Path, name: str, speakers: list[str], n_seeds: int) -> list[Expected]:
    """Synthesize the expected samples of every text."""
    voice = load(folder)
    requests: list[Expected] = []
    for speaker in speakers or [None]:
        for seed in range(n_seeds):
            for text in TEXTS:
                speech = voice(text, seed=seed, speaker=speaker)
                body: dict[str, Any] = {"model": name, "input": text, "seed": seed}
                body |= {"response_format": "pcm"} | ({"voice": speaker} if speaker else {})
                requests.append(Expected(body, to_pcm16(np.clip(speech.samples, -1, 1))))
    return requests


def ask(connection: http.client.HTTPConnection, body: dict[str, Any]) -> tuple[int, bytes]:
    """Send one request; return its status and the body of the response."""
    headers = {"content-type": "application/json"}
    connection.request("POST", "/v1/audio/speech", json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.read()


def join_events(data: bytes) -> bytes:
    """Return the audio of server-sent events."""
    events = [json.loads(part[6:]) for part in data.decode().split("\n\n") if part]
    if events[-1]["type"] != "speech.audio.done":
        raise ValueError(f"the events end with {events[-1]}")
    return b"".join(base64.b64decode(event["audio"]) for event in events if "audio" in event)


def compare(expected: Expected, data: bytes) -> tuple[str, int]:
    """Return a fault or "", and the largest difference in 16-bit steps."""
    samples = np.frombuffer(data, "<i2")
    if samples.shape != expected.samples.shape:
        return f"{samples.shape} samples, expected {expected.samples.shape}: {expected.body}", 0
    step = int(np.abs(samples.astype(int) - expected.samples).max())
    return (f"{step} steps apart: {expected.body}" if step > 1 else ""), step


def run_client(
    seed: int, port: int, requests: list[Expected], end: float, results: Results
) -> None:
    """Send requests until the end time."""
    rng = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while time.monotonic() < end:
        kind = rng.choices(("complete", "stream", "events", "invalid"), (70, 15, 10, 5))[0]
        request = rng.choice(requests)
        body, expected = dict(request.body), 200
        if kind == "invalid":
            change, expected = rng.choice(INVALID)
            body |= change
        elif kind != "complete":
            body["stream_format"] = "sse" if kind == "events" else "audio"
        started = time.perf_counter()
        try:
            status, data = ask(connection, body)
            seconds = time.perf_counter() - started
            fault, step = "", 0
            if status == 200 == expected:
                fault, step = compare(request, join_events(data) if kind == "events" else data)
            elif status not in (expected, 503):
                fault = f"status {status}, expected {expected}: {data[:200]!r}"
            elif status == 503:
                time.sleep(1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            status, seconds, fault, step = 0, time.perf_counter() - started, repr(error), 0
        results.add(kind, status, seconds, fault, step)
    connection.close()


def read_memory(port: int) -> float:
    """Return the server's resident size (MiB)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    (line,) = [x for x in text.splitlines() if x.startswith("process_resident_memory_bytes ")]
    return float(line.split()[1]) / 2**20


def probe(port: int, end: float, seconds: list[float]) -> None:
    """Ask for a short text again and again, and note how long it took."""
    body = {"model": "soaked", "input": TEXTS[0], "response_format": "pcm", "seed": 0}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while time.monotonic() < end:
        started = time.perf_counter()
        try:
            status, _ = ask(connection, body)
        except (OSError, http.client.HTTPException):
            connection.close()
            continue
        if status == 200:
            seconds.append(time.perf_counter() - started)
        time.sleep(0.2)
    connection.close()


def run_attacks(port: int, end: float) -> dict[str, Any]:
    """Run every attack, and a short text beside them, until the end time."""
    alone: list[float] = []
    beside: list[float] = []
    probe(port, time.monotonic() + 3, alone)
    outcomes: Counter[str] = Counter()
    threads = [
        threading.Thread(target=attack, args=(name, port, end, outcomes)) for name in ATTACKS
    ]
    threads.append(threading.Thread(target=probe, args=(port, end, beside)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    beside.sort()
    return {
        "outcomes": dict(sorted(outcomes.items())),
        "short_alone_s": statistics.median(alone),
        "short_beside_s": statistics.median(beside or [float("nan")]),
        "short_beside_p95_s": beside[int(0.95 * (len(beside) - 1))] if beside else None,
        "short_texts": len(beside),
    }


def soak(port: int, requests: list[Expected], clients: int, minutes: float) -> dict[str, Any]:
    """Run the clients for a time and return the figures."""
    results, readings = Results(), list[tuple[float, float]]()
    started = time.monotonic()
    end = started + 60 * minutes
    threads = [
        threading.Thread(target=run_client, args=(seed, port, requests, end, results))
        for seed in range(clients)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        readings.append((time.monotonic() - started, read_memory(port)))
        time.sleep(MEMORY_INTERVAL)
    for thread in threads:
        thread.join()
    total = 60 * minutes
    early = [size for time_s, size in readings if 0.2 * total <= time_s <= 0.3 * total]
    late = [size for time_s, size in readings if time_s >= 0.9 * total]
    before = statistics.median(early or [readings[0][1]])
    after = statistics.median(late or [readings[-1][1]])
    seconds = sorted(results.seconds)
    return {
        "clients": clients,
        "minutes": minutes,
        "responses": sum(results.statuses.values()),
        "kinds": dict(results.kinds),
        "statuses": dict(sorted(results.statuses.items())),
        "wrong": len(results.faults),
        "first_wrong": results.faults[:5],
        "largest_step": results.largest_step,
        "median_s": statistics.median(seconds),
        "p95_s": seconds[int(0.95 * (len(seconds) - 1))],
        "memory_mib": {"warm": before, "end": after, "all": [size for _, size in readings]},
        "memory_growth": after / before - 1,
    }


def main() -> int:
    """Start a server, run the clients, stop the server."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument(
        "--voice", type=Path, default=DEFAULT_VOICE, help="(default: the bundled one)"
    )
    parser.add_argument("--speakers", nargs="*", default=[], help="names (default: the first)")
    parser.add_argument("--seeds", type=int, default=4, help="seeds for every text")
    parser.add_argument("--threads", type=int, default=1, help="torch threads of the server")
    parser.add_argument("--attack", action="store_true", help="misbehaving clients as well")
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    requests = make_requests(args.voice, "soaked", args.speakers, args.seeds)
    command = [sys.executable, "-m", "vits", "serve", f"soaked={args.voice}", "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line.startswith("http://"):
            raise SystemExit("the server did not start")
        try:
            port = int(line.split()[0].rsplit(":", 1)[1])
            attacks: dict[str, Any] = {}
            attacking = threading.Thread(
                target=lambda: attacks.update(
                    run_attacks(port, time.monotonic() + 60 * args.minutes)
                )
            )
            if args.attack:
                attacking.start()
            figures = soak(port, requests, args.clients, args.minutes)
            if args.attack:
                attacking.join()
                figures["attacks"] = attacks
        finally:
            server.terminate()
        figures["server_status"] = server.wait(60)
    memory = figures["memory_mib"]
    for name in ("responses", "kinds", "statuses", "wrong", "first_wrong", "largest_step"):
        print(f"{name:14s} {figures[name]}")
    print(f"{'seconds':14s} median {figures['median_s']:.2f}, 95 % {figures['p95_s']:.2f}")
    for name, value in figures.get("attacks", {}).items():
        print(f"{name:14s} {value}")
    print(
        f"{'memory':14s} {memory['warm']:.0f} MiB to {memory['end']:.0f} MiB, "
        f"{figures['memory_growth']:+.1%}"
    )
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")
    # an attack may be refused for a limit, which is a 503, but must not find a bug
    broken = [name for name in figures.get("attacks", {}).get("outcomes", {}) if BUG.search(name)]
    failed = figures["wrong"] or figures["server_status"] or broken
    return 1 if failed or figures["memory_growth"] >= MAX_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
