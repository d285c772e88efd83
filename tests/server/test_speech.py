"""Every answer is what the voice says alone; every mistake has its status and its reason."""

import base64
import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

URL = "/v1/audio/speech"
STEP = 1  # of 16 bits
TEXT = "Hello there. How are you today?"
TEXTS = [TEXT, "Fine!", "The quick brown fox jumps over the lazy dog. It sleeps.", "Good night."]


def ask(client, **body):
    body = {"model": "tiny", "input": TEXT, "response_format": "pcm", "seed": 7, **body}
    return client.post(URL, json={key: value for key, value in body.items() if value != "LEAVE"})


def samples(data):
    return np.frombuffer(data, "<i2").astype(int)


def serial(voice, text=TEXT, seed=7, **how):
    from vits.audio.files import to_pcm16

    return to_pcm16(np.clip(voice(text, seed=seed, **how).samples, -1, 1)).astype(int)


def same(one, other):
    return one.shape == other.shape and np.abs(one - other).max() <= STEP


def events(text):
    return [json.loads(part.removeprefix("data: ")) for part in text.split("\n\n") if part]


def test_a_whole_answer_is_the_voice_alone(client, voices):
    answer = ask(client())
    assert answer.status_code == 200
    assert same(samples(answer.content), serial(voices["tiny"]))
    assert answer.headers["content-type"] == "audio/pcm; rate=22050; channels=1"
    assert answer.headers["x-seed"] == "7"
    seconds = len(answer.content) / 2 / 22050
    assert float(answer.headers["x-seconds"]) == pytest.approx(seconds, abs=1e-5)


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "opus", "ogg"])
def test_every_format_can_be_read(client, voices, name):
    answer = ask(client(), response_format=name, sample_rate=24000)
    assert answer.headers["content-type"].startswith("audio/")
    wave, rate = soundfile.read(io.BytesIO(answer.content))
    assert rate == 24000 == int(answer.headers["x-sample-rate"])
    alone = voices["tiny"](TEXT, seed=7)
    assert len(wave) / rate == pytest.approx(alone.seconds, abs=1 / rate)


def test_settings_reach_the_voice(client, voices):
    here, duo = client(), voices["duo"]
    for speaker, row in (("ada", 0), ("bob", 1), ("1", 1), ({"id": "bob"}, 1), ("duo", 0)):
        answer = ask(here, model="duo", voice=speaker)
        assert same(samples(answer.content), serial(duo, speaker=row)), speaker
    how = {"noise_scale": 0.0, "noise_scale_duration": 0.1, "sentence_silence": 1.5}
    answer = ask(here, speed=2, **how)
    assert same(samples(answer.content), serial(voices["tiny"], length_scale=0.5, **how))
    one, other = (ask(here, seed="LEAVE") for _ in range(2))
    assert one.headers["x-seed"] != other.headers["x-seed"]
    again = ask(here, seed=int(one.headers["x-seed"]))
    assert same(samples(again.content), samples(one.content))


@pytest.mark.parametrize("how", [{"stream": True}, {"stream_format": "audio"}])
def test_a_stream_is_the_whole(client, voices, how):
    with client().stream("POST", URL, json=body(**how)) as answer:
        data = b"".join(answer.iter_bytes())
    assert "content-length" not in answer.headers
    assert same(samples(data), serial(voices["tiny"]))


def body(**changes):
    return {"model": "tiny", "input": TEXT, "response_format": "pcm", "seed": 7, **changes}


def test_events_bring_sound_and_times(client, voices):
    answer = ask(client(), stream_format="sse", timings=True, input=f"{TEXT} ∮")
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = events(answer.text)
    kinds = [event["type"] for event in found]
    assert set(kinds) == {"speech.audio.delta", "speech.audio.timings", "speech.audio.done"}
    assert kinds[-1] == "speech.audio.done"
    deltas = [base64.b64decode(event["audio"]) for event in found if "audio" in event]
    alone = voices["tiny"](TEXT, seed=7)
    assert same(samples(b"".join(deltas)), serial(voices["tiny"]))
    timed = [event for event in found if "phonemes" in event]
    for name in ("phonemes", "words"):
        times = [timing for event in timed for timing in event[name]]
        assert times == [timing._asdict() for timing in getattr(alone, name)]
    ends = [event["start"] + event["seconds"] for event in timed]
    assert [event["start"] for event in timed] == pytest.approx([0, *ends[:-1]])
    assert found[-1]["seconds"] == pytest.approx(alone.seconds)
    assert found[-1]["usage"]["input_tokens"] == len(TEXT) + 2


def test_what_is_left_out_is_told_to_whom_it_concerns(client):
    here = client()
    answer = ask(here, stream_format="sse", timings=True, input="Hello 😀 there.")
    (notice,) = [notice for event in events(answer.text) for notice in event.get("notices", [])]
    assert "😀" in notice
    answer = ask(here, stream_format="sse", timings=True)
    assert not [notice for event in events(answer.text) for notice in event.get("notices", [])]
    assert 'vits_notices_total{voice="tiny"} 1.0' in here.get("/metrics").text


def test_requests_at_the_same_time_are_spoken_together(client, voices):
    here = client(batch_wait=200.0)
    orders = [(text, seed) for seed, text in enumerate(TEXTS * 4)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda o: ask(here, input=o[0], seed=o[1]), orders))
    for (text, seed), answer in zip(orders, answers, strict=True):
        assert same(samples(answer.content), serial(voices["tiny"], text, seed))
    metrics = here.get("/metrics").text
    (count,) = [x for x in metrics.splitlines() if x.startswith("vits_batch_texts_count")]
    assert float(count.split()[1]) < 8


def test_one_batch_holds_other_speakers_paces_seeds_and_scales(client, voices):
    here = client(batch_wait=300.0)
    ways = [
        {"speaker": 0, "length_scale": 1.0},
        {"speaker": 1, "length_scale": 0.5},
        {"speaker": 0, "length_scale": 2.0, "noise_scale": 0.0},
        {"speaker": 1, "length_scale": 1.25, "noise_scale_duration": 0.1},
        {"speaker": 1, "length_scale": 1.0, "sentence_silence": 1.5},
    ]
    orders = list(zip([*TEXTS, TEXT], ways, range(9, 14), strict=True))

    def send(order):
        text, how, seed = order
        asked = {key: value for key, value in how.items() if key not in ("speaker", "length_scale")}
        speaker, speed = str(how["speaker"]), 1 / how["length_scale"]
        return ask(here, model="duo", input=text, voice=speaker, speed=speed, seed=seed, **asked)

    with ThreadPoolExecutor(len(orders)) as pool:
        answers = list(pool.map(send, orders))
    for (text, how, seed), answer in zip(orders, answers, strict=True):
        assert same(samples(answer.content), serial(voices["duo"], text, seed, **how)), how
    metrics = here.get("/metrics").text
    assert "vits_batch_texts_count 1.0" in metrics
    assert "vits_batch_texts_sum 5.0" in metrics


def test_one_that_cannot_be_spoken_spoils_no_other(client, voices):
    here = client(batch_wait=200.0)
    texts = ["Hello there.", "😀", "Good night.", "[[ never closed"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: ask(here, input=text), texts))
    assert [answer.status_code for answer in answers] == [200, 422, 200, 422]
    assert answers[1].json()["error"]["code"] == "not_speakable"
    assert same(samples(answers[2].content), serial(voices["tiny"], "Good night."))
    assert ask(here, input="😀", stream=True).status_code == 422


BAD = [
    (b"", 400, None),
    (b"[[[", 400, None),
    (b"[]", 400, None),
    (b'{"model": "tiny", "input": "x", "model": "\xff"}', 400, None),
    (b'{"model": "tiny", "input": "\\ud800"}', 400, None),
    (b"[" * 900, 400, None),
    (b'{"model": "tiny", "input": "x", "seed": ' + b"9" * 900 + b"}", 400, "seed"),
    ({"model": "tiny"}, 400, "input"),
    ({"input": "x"}, 400, "model"),
    ({"model": 5, "input": "x"}, 400, "model"),
    ({"model": "tiny", "input": ["x"]}, 400, "input"),
    ({"model": "tiny", "input": " \n"}, 400, "input"),
    ({"model": "tiny", "input": "x", "colour": "red"}, 400, "colour"),
    ({"model": "tiny", "input": "x", "voice": "eve"}, 400, "voice"),
    ({"model": "duo", "input": "x", "voice": "2"}, 400, "voice"),
    ({"model": "duo", "input": "x", "voice": "9" * 5000}, 400, "voice"),
    ({"model": "tiny", "input": "x", "voice": {"name": "eve"}}, 400, "voice"),
    ({"model": "tiny", "input": "x", "speed": 0.2}, 400, "speed"),
    ({"model": "tiny", "input": "x", "speed": "fast"}, 400, "speed"),
    ({"model": "tiny", "input": "x", "speed": True}, 400, "speed"),
    (b'{"model": "tiny", "input": "x", "speed": NaN}', 400, "speed"),
    (b'{"model": "tiny", "input": "x", "noise_scale": 1e999}', 400, "noise_scale"),
    ({"model": "tiny", "input": "x", "response_format": "aac"}, 400, "response_format"),
    ({"model": "tiny", "input": "x", "response_format": "../../etc"}, 400, "response_format"),
    ({"model": "tiny", "input": "x", "stream_format": "mp3"}, 400, "stream_format"),
    ({"model": "tiny", "input": "x", "timings": True}, 400, "timings"),
    ({"model": "tiny", "input": "x", "seed": -1}, 400, "seed"),
    ({"model": "tiny", "input": "x", "seed": 2**63}, 400, "seed"),
    ({"model": "tiny", "input": "x", "sample_rate": 44099}, 400, "sample_rate"),
    ({"model": "tiny", "input": "x", "instructions": "whisper"}, 400, "instructions"),
    ({"model": "../tiny", "input": "x"}, 404, "model"),
    ({"model": "http://127.0.0.1/", "input": "x"}, 404, "model"),
    ({"model": "tiny", "input": "a" * 201}, 413, "input"),
    (b'{"model": "tiny", "input": "' + b"a" * 9000 + b'"}', 413, None),
    ({"model": "tiny", "input": "😀"}, 422, "input"),
]


@pytest.mark.parametrize(("body", "status", "param"), BAD)
def test_what_is_wrong_is_named(client, body, status, param):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client(characters=200).post(
        URL, content=data, headers={"content-type": "application/json"}
    )
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert len(error["message"]) < 400
    assert "\n" not in error["message"]


def test_other_ways_to_ask_wrongly(client):
    here = client()
    assert here.post(URL, data={"input": "x"}).status_code == 415
    assert here.get(URL).status_code == 405
    for path in ("/nothing", "/v1/models/eve", "/../page.html", "/docs"):
        answer = here.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "invalid_request_error"

    def endless():
        for _ in range(100):
            yield b" " * 1000

    answer = here.post(URL, content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_a_full_house_says_so(client, voices, monkeypatch):
    go = threading.Event()
    call = type(voices["tiny"]).__call__
    monkeypatch.setattr(
        type(voices["tiny"]), "__call__", lambda *a, **k: go.wait(10) and call(*a, **k)
    )
    here = client(queue=2, per_client=3, batch=1, batch_wait=0.0, streams=1)
    with ThreadPoolExecutor(8) as pool:
        first = [pool.submit(ask, here) for _ in range(2)]
        time.sleep(0.3)
        refused = ask(here)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "queue_full"
        assert refused.headers["retry-after"] == "1"
        first.append(pool.submit(ask, here, stream=True))
        time.sleep(0.3)
        crowd = ask(here)
        assert crowd.status_code == 429
        assert crowd.json()["error"]["type"] == "rate_limit_error"
        go.set()
        assert [answer.result().status_code for answer in first] == [200, 200, 200]
    assert ask(here).status_code == 200


def test_too_many_streams_and_too_long_a_wait(client, voices, monkeypatch):
    go = threading.Event()
    call = type(voices["tiny"]).__call__
    monkeypatch.setattr(
        type(voices["tiny"]), "__call__", lambda *a, **k: go.wait(10) and call(*a, **k)
    )
    here = client(streams=1, timeout=1.0, batch_wait=0.0)
    with ThreadPoolExecutor(2) as pool:
        whole = pool.submit(ask, here)
        time.sleep(0.2)
        stream = pool.submit(ask, here, stream=True)  # the only thread is busy
        time.sleep(0.2)
        refused = ask(here, stream=True)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
        for answer in (whole, stream):
            found = answer.result()
            assert (found.status_code, found.json()["error"]["code"]) == (503, "timeout")
    go.set()
    assert ask(here, stream=True).status_code == 200


def test_a_bug_is_told_without_its_traceback(client, voices, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr(type(voices["tiny"]), "__call__", broken)
    answer = ask(client())
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert "secret" not in answer.text
    assert "secret" in caplog.text
