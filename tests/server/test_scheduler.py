"""Who hangs up is not spoken for, and threads do not mix anything up."""

import http.client
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np

from vits.audio.files import to_pcm16

TEXTS = [
    "Hello there. How are you today?",
    "Fine!",
    "The quick brown fox jumps over the lazy dog.",
    "Colonel Wright knew the gnome's psalm; debris of a rendezvous.",
    "One hundred and seventy-three.",
    "She sells sea shells. By the sea shore!",
    "Through, though, thorough, bough, cough.",
    "Good night, good night.",
]


def numbers(samples):
    return to_pcm16(np.clip(samples, -1, 1)).astype(int)


def test_eight_threads_on_one_voice_say_what_one_says(voices):
    voice = voices["duo"]
    orders = [(text, seed) for seed in range(2) for text in TEXTS]
    alone = [voice(text, seed=seed, speaker=seed) for text, seed in orders]
    start = threading.Barrier(8)

    def speak(worker):
        start.wait()
        turned = orders[worker:] + orders[:worker]  # all texts at the same time in other threads
        return {order: voice(order[0], seed=order[1], speaker=order[1]) for order in turned}

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(speak, range(8)):
            for order, one in zip(orders, alone, strict=True):
                other = found[order]
                assert (other.phonemes, other.words) == (one.phonemes, one.words)
                assert other.samples.shape == one.samples.shape
                assert np.abs(numbers(other.samples) - numbers(one.samples)).max() <= 1


def test_who_hangs_up_in_the_queue_is_not_spoken_for(address, voices, monkeypatch, until):
    voice = type(voices["tiny"])
    call, go, spoken = voice.__call__, threading.Event(), []

    def slow(self, text, **how):
        spoken.append(text)
        go.wait(10)
        return call(self, text, **how)

    monkeypatch.setattr(voice, "__call__", slow)
    first = send(address, "Hello.")
    until(lambda: spoken == ["Hello."])
    second = send(address, "Never mind.")
    until(lambda: "vits_waiting 1.0" in metrics(address))
    second.close()
    until(lambda: "vits_waiting 1.0" in metrics(address) and gone(address))
    go.set()
    assert first.recv(15).startswith(b"HTTP/1.1 200")
    first.close()
    last = send(address, "Bye.")
    assert last.recv(15).startswith(b"HTTP/1.1 200")
    last.close()
    assert spoken == ["Hello.", "Bye."]


def test_a_stream_ends_with_its_client(address, until):
    stream = send(address, "The quick brown fox jumps. " * 100, stream=True)
    assert stream.recv(15).startswith(b"HTTP/1.1 200")
    until(lambda: "vits_streams 1.0" in metrics(address))
    stream.close()
    until(lambda: "vits_streams 0.0" in metrics(address))


def gone(address):
    return 'route="/v1/audio/speech",status="499"' in metrics(address)


def send(address, text, **more):
    """Ask for speech through a socket that can be cut."""
    where = urlsplit(address)
    body = {"model": "tiny", "input": text, "response_format": "pcm", **more}
    data = json.dumps(body).encode()
    connection = socket.create_connection((where.hostname, where.port), timeout=20)
    connection.sendall(
        b"POST /v1/audio/speech HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        + f"content-length: {len(data)}\r\n\r\n".encode()
        + data
    )
    return connection


def metrics(address):
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return text
