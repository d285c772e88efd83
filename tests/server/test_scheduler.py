"""Batching, the queue, disconnects, and threads that share a voice."""

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np
import pytest

from vits.audio.files import to_pcm16

pytest.importorskip("fastapi", reason="the extra serve is not installed")

from vits.server import jobs, scheduler
from vits.server.errors import ApiError
from vits.server.limits import ServerLimits
from vits.server.metrics import Metrics

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
    event, call = threading.Event(), type(voices["tiny"]).in_turns
    monkeypatch.setattr(
        type(voices["tiny"]),
        "in_turns",
        lambda *args, **kwargs: event.wait(10) and call(*args, **kwargs),
    )
    return event


@pytest.mark.slow
def test_concurrent_requests_are_batched(client, ask, assert_speech, voices):
    here = client(batch_wait=200.0)
    jobs = [(text, seed) for seed, text in enumerate(TEXTS[:4] * 2)]
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda job: ask(here, input=job[0], seed=job[1]), jobs))
    for (text, seed), response in zip(jobs, responses, strict=True):
        assert_speech(response.content, voices["tiny"], text, seed)
    metrics = here.get("/metrics").text
    (count,) = [x for x in metrics.splitlines() if x.startswith("vits_batch_texts_count")]
    assert float(count.split()[1]) < 4


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
    assert "vits_batch_texts_count 2.0" in metrics  # the first text has another sentence
    assert "vits_batch_texts_sum 6.0" in metrics


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


@pytest.mark.slow
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


@pytest.mark.slow
def test_threads_that_share_a_voice_do_not_change_its_speech(voices):
    voice = voices["duo"]
    jobs = [(text, seed) for seed in range(2) for text in TEXTS[:4]]
    alone = [voice(text, seed=seed, speaker=seed) for text, seed in jobs]
    start = threading.Barrier(4)

    def run(worker):
        start.wait()
        rotated = (
            jobs[2 * worker :] + jobs[: 2 * worker]
        )  # all texts at the same time in different threads
        return {job: voice(job[0], seed=job[1], speaker=job[1]) for job in rotated}

    with ThreadPoolExecutor(4) as pool:
        for results in pool.map(run, range(4)):
            for job, expected in zip(jobs, alone, strict=True):
                speech = results[job]
                assert (speech.phonemes, speech.words) == (expected.phonemes, expected.words)
                assert speech.samples.shape == expected.samples.shape
                assert np.abs(quantized(speech) - quantized(expected)).max() <= 1


def test_a_queued_request_is_dropped_when_its_client_disconnects(
    address, voices, monkeypatch, until
):
    voice = type(voices["tiny"])
    call, release, synthesized = voice.in_turns, threading.Event(), []

    def slow(self, text, **settings):
        synthesized.append(text)
        release.wait(10)
        return call(self, text, **settings)

    monkeypatch.setattr(voice, "in_turns", slow)
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


N_SENTENCES = 14
LONG = " ".join(f"This is sentence number {number}." for number in range(N_SENTENCES))


@pytest.fixture
def turns(monkeypatch):
    """The first words of the texts of each batch; every turn waits for a permit."""
    spoken, permits = [], threading.Semaphore(0)

    def speak(batch):
        assert permits.acquire(timeout=10)
        spoken.append([turn.job.text[:4] for turn in batch])
        return jobs.speak_turns(batch)

    monkeypatch.setattr(scheduler, "speak_turns", speak)
    return spoken, permits


async def collect(running, text, seed=7):
    options = {"markup": True}
    job = jobs.Job(voice="tiny", text=text, seed=seed, options=options)
    async with contextlib.aclosing(running.synthesize(job)) as chunks:
        return [chunk async for chunk in chunks]


def in_a_scheduler(voices, act, **limits):
    async def run():
        limited = ServerLimits(batch_wait=0.0, **limits)
        async with scheduler.Scheduler(voices, limited, Metrics()) as running:
            return await act(running)

    return asyncio.run(run())


@pytest.mark.slow
def test_a_short_text_waits_for_one_sentence_of_a_long_one_at_most(voices, turns):
    spoken, permits = turns

    async def act(running):
        long = asyncio.create_task(collect(running, LONG))
        await asyncio.sleep(0.05)
        permits.release(3)
        while len(spoken) < 3:
            await asyncio.sleep(0.01)
        short = asyncio.create_task(collect(running, "Good morning."))
        await asyncio.sleep(0.05)
        permits.release(100)
        await short
        before = len(spoken)
        chunks = await long
        return before, chunks

    before, chunks = in_a_scheduler(voices, act)
    assert spoken[:3] == [["This"]] * 3
    assert ["Good"] in spoken[3:5]  # after the sentence in progress, and alone
    assert before <= 6
    joined = np.concatenate([chunk.samples for chunk in chunks])
    assert np.abs(joined - voices["tiny"](LONG, seed=7).samples).max() < 1e-5


def test_long_texts_are_not_starved_by_short_ones(voices, turns):
    spoken, permits = turns
    permits.release(10_000)

    async def act(running):
        long = asyncio.create_task(collect(running, LONG))
        count = 0
        while not long.done():
            await collect(running, "Good morning.", count)
            count += 1
        return count

    assert in_a_scheduler(voices, act) <= 1.5 * N_SENTENCES
    assert spoken.count(["This"]) == N_SENTENCES


def test_a_text_that_nobody_waits_for_ends_with_its_sentence(voices, turns):
    spoken, permits = turns

    async def act(running):
        long = asyncio.create_task(collect(running, LONG))
        await asyncio.sleep(0.05)
        permits.release(2)
        while len(spoken) < 2:
            await asyncio.sleep(0.01)
        long.cancel()
        permits.release(100)
        await asyncio.sleep(0.2)
        await collect(running, "Good morning.")

    in_a_scheduler(voices, act)
    assert spoken.count(["This"]) <= 3


@pytest.mark.parametrize("kind", ["synthesize", "stream"])
def test_speech_has_a_longest_length(voices, kind):
    seconds = []

    async def act(running):
        options = {"markup": True, "sentence_silence": 10.0}
        job = jobs.Job(voice="tiny", text=LONG, seed=1, options=options)
        async for chunk in getattr(running, kind)(job):
            speech = chunk if kind == "synthesize" else chunk.speech
            seconds.append(speech.seconds)

    with pytest.raises(ApiError, match="lasts longer than 25 s") as caught:
        in_a_scheduler(voices, act, audio_seconds=25.0)
    assert (caught.value.status, caught.value.code) == (413, "speech_too_long")
    assert sum(seconds) <= 25


def test_a_silence_bomb_costs_little_memory(client, ask):
    here = client(audio_seconds=100.0)
    text = "Yes. " * 800
    tracemalloc.start()
    response = ask(here, input=text, sentence_silence=10.0, response_format="wav")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "speech_too_long"
    assert peak < 40 << 20


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
