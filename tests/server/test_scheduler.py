"""Batching, the queue, disconnects, and threads that share a voice."""

import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np
import pytest

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


@pytest.fixture
def release(monkeypatch, voices):
    """Block the synthesis of complete texts until this event is set."""
    event, call = threading.Event(), type(voices["tiny"]).__call__
    monkeypatch.setattr(
        type(voices["tiny"]),
        "__call__",
        lambda *args, **kwargs: event.wait(10) and call(*args, **kwargs),
    )
    return event


def test_concurrent_requests_are_batched(client, ask, assert_speech, voices):
    here = client(batch_wait=200.0)
    jobs = [(text, seed) for seed, text in enumerate(TEXTS[:4] * 4)]
    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(lambda job: ask(here, input=job[0], seed=job[1]), jobs))
    for (text, seed), response in zip(jobs, responses, strict=True):
        assert_speech(response.content, voices["tiny"], text, seed)
    metrics = here.get("/metrics").text
    (count,) = [x for x in metrics.splitlines() if x.startswith("vits_batch_texts_count")]
    assert float(count.split()[1]) < 8


def test_a_batch_may_mix_speakers_speeds_seeds_and_scales(client, ask, assert_speech, voices):
    here = client(batch_wait=300.0)
    settings = [
        {"speaker": 0, "length_scale": 1.0},
        {"speaker": 1, "length_scale": 0.5},
        {"speaker": 0, "length_scale": 2.0, "noise_scale": 0.0},
        {"speaker": 1, "length_scale": 1.25, "noise_scale_duration": 0.1},
        {"speaker": 1, "length_scale": 1.0, "sentence_silence": 1.5},
    ]
    jobs = list(zip(TEXTS[:5], settings, range(9, 14), strict=True))

    def send(job):
        text, chosen, seed = job
        body = {k: v for k, v in chosen.items() if k not in ("speaker", "length_scale")}
        speaker, speed = str(chosen["speaker"]), 1 / chosen["length_scale"]
        return ask(here, model="duo", input=text, voice=speaker, speed=speed, seed=seed, **body)

    with ThreadPoolExecutor(len(jobs)) as pool:
        responses = list(pool.map(send, jobs))
    for (text, chosen, seed), response in zip(jobs, responses, strict=True):
        assert_speech(response.content, voices["duo"], text, seed, **chosen)
    metrics = here.get("/metrics").text
    assert "vits_batch_texts_count 1.0" in metrics
    assert "vits_batch_texts_sum 5.0" in metrics


def test_an_unspeakable_text_does_not_fail_its_batch(client, ask, assert_speech, voices):
    here = client(batch_wait=200.0)
    texts = ["Hello there.", "😀", "Good night.", "[[ never closed"]
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda text: ask(here, input=text), texts))
    assert [response.status_code for response in responses] == [200, 422, 200, 422]
    assert responses[1].json()["error"]["code"] == "not_speakable"
    assert_speech(responses[2].content, voices["tiny"], "Good night.")


def test_a_full_queue_and_too_many_requests_are_rejected(client, ask, release):
    here = client(queue=2, per_client=3, batch=1, batch_wait=0.0, streams=1)
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(ask, here) for _ in range(2)]
        time.sleep(0.3)
        rejected = ask(here)
        assert rejected.status_code == 503
        assert rejected.json()["error"]["code"] == "queue_full"
        assert rejected.headers["retry-after"] == "1"
        running.append(pool.submit(ask, here, stream=True))
        time.sleep(0.3)
        too_many = ask(here)
        assert too_many.status_code == 429
        assert too_many.json()["error"]["type"] == "rate_limit_error"
        release.set()
        assert [response.result().status_code for response in running] == [200, 200, 200]
    assert ask(here).status_code == 200


def test_too_many_streams_and_timeouts_are_rejected(client, ask, release):
    here = client(streams=1, timeout=1.0, batch_wait=0.0)
    with ThreadPoolExecutor(2) as pool:
        complete = pool.submit(ask, here)
        time.sleep(0.2)
        stream = pool.submit(ask, here, stream=True)  # waits: the only thread is busy
        time.sleep(0.2)
        rejected = ask(here, stream=True)
        assert (rejected.status_code, rejected.json()["error"]["code"]) == (503, "busy")
        for response in (complete, stream):
            late = response.result()
            assert (late.status_code, late.json()["error"]["code"]) == (503, "timeout")
    release.set()
    assert ask(here, stream=True).status_code == 200


def test_threads_that_share_a_voice_do_not_change_its_speech(voices):
    voice = voices["duo"]
    jobs = [(text, seed) for seed in range(2) for text in TEXTS]
    alone = [voice(text, seed=seed, speaker=seed) for text, seed in jobs]
    start = threading.Barrier(8)

    def run(worker):
        start.wait()
        rotated = jobs[worker:] + jobs[:worker]  # all texts at the same time in different threads
        return {job: voice(job[0], seed=job[1], speaker=job[1]) for job in rotated}

    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(run, range(8)):
            for job, expected in zip(jobs, alone, strict=True):
                speech = results[job]
                assert (speech.phonemes, speech.words) == (expected.phonemes, expected.words)
                assert speech.samples.shape == expected.samples.shape
                assert np.abs(quantized(speech) - quantized(expected)).max() <= 1


def test_a_queued_request_is_dropped_when_its_client_disconnects(
    address, voices, monkeypatch, until
):
    voice = type(voices["tiny"])
    call, release, synthesized = voice.__call__, threading.Event(), []

    def slow(self, text, **settings):
        synthesized.append(text)
        release.wait(10)
        return call(self, text, **settings)

    monkeypatch.setattr(voice, "__call__", slow)
    first = connect(address, "Hello.")
    until(lambda: synthesized == ["Hello."])
    second = connect(address, "Never mind.")
    until(lambda: "vits_waiting 1.0" in metrics(address))
    second.close()
    until(lambda: "vits_waiting 1.0" in metrics(address) and disconnect_counted(address))
    release.set()
    assert first.recv(15).startswith(b"HTTP/1.1 200")
    first.close()
    last = connect(address, "Bye.")
    assert last.recv(15).startswith(b"HTTP/1.1 200")
    last.close()
    assert synthesized == ["Hello.", "Bye."]


def test_a_stream_ends_when_its_client_disconnects(address, until):
    stream = connect(address, "The quick brown fox jumps. " * 100, stream=True)
    assert stream.recv(15).startswith(b"HTTP/1.1 200")
    until(lambda: "vits_streams 1.0" in metrics(address))
    stream.close()
    until(lambda: "vits_streams 0.0" in metrics(address))


def quantized(speech):
    return to_pcm16(np.clip(speech.samples, -1, 1)).astype(int)


def connect(address, text, **body):
    """Request speech through a socket, which a test can close at any time."""
    url = urlsplit(address)
    body = {"model": "tiny", "input": text, "response_format": "pcm", **body}
    data = json.dumps(body).encode()
    connection = socket.create_connection((url.hostname, url.port), timeout=20)
    connection.sendall(
        b"POST /v1/audio/speech HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        + f"content-length: {len(data)}\r\n\r\n".encode()
        + data
    )
    return connection


def metrics(address):
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def disconnect_counted(address):
    return 'route="/v1/audio/speech",status="499"' in metrics(address)
