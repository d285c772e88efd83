"""Routes and responses: each equals what the voice says alone."""

import io

import numpy as np
import pytest
import soundfile

URL = "/v1/audio/speech"
TEXT = "Hello there. How are you today?"


def test_a_complete_response_equals_the_voice_alone(client, ask, assert_speech, voices):
    response = ask(client())
    assert response.status_code == 200
    assert_speech(response.content, voices["tiny"])
    assert response.headers["content-type"] == "audio/pcm; rate=22050; channels=1"
    assert response.headers["x-seed"] == "7"
    seconds = len(response.content) / 2 / 22050
    assert float(response.headers["x-seconds"]) == pytest.approx(seconds, abs=1e-5)


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "opus", "ogg"])
def test_every_format_can_be_read(client, ask, voices, name):
    response = ask(client(), response_format=name, sample_rate=24000)
    assert response.headers["content-type"].startswith("audio/")
    wave, rate = soundfile.read(io.BytesIO(response.content))
    assert rate == 24000 == int(response.headers["x-sample-rate"])
    alone = voices["tiny"](TEXT, seed=7)
    assert len(wave) / rate == pytest.approx(alone.seconds, abs=1 / rate)


@pytest.mark.parametrize("stream", [False, True])
def test_aac_is_written_where_ffmpeg_is_installed(
    client, ask, assert_speech, voices, fake_ffmpeg, stream
):
    fake_ffmpeg("exec cat")
    here = client()
    response = ask(here, response_format="aac", stream=stream)
    assert response.headers["content-type"] == "audio/aac"
    assert_speech(response.content, voices["tiny"])
    assert "aac" in here.get("/v1/audio/voices").json()["formats"]


def test_aac_is_refused_where_ffmpeg_is_missing(client, ask, monkeypatch):
    monkeypatch.setenv("PATH", "")
    here = client()
    error = ask(here, response_format="aac")
    assert error.status_code == 400
    assert error.json()["error"]["code"] == "unsupported_format"
    assert "'aac' needs the program ffmpeg on the server" in error.json()["error"]["message"]
    assert "aac" not in here.get("/v1/audio/voices").json()["formats"]


def test_settings_reach_the_voice(client, ask, assert_speech, voices):
    here, duo = client(), voices["duo"]
    for speaker, index in (("ada", 0), ("bob", 1), ("1", 1), ({"id": "bob"}, 1), ("duo", 0)):
        response = ask(here, model="duo", voice=speaker)
        assert_speech(response.content, duo, speaker=index)
    settings = {"noise_scale": 0.0, "noise_scale_duration": 0.1, "sentence_silence": 1.5}
    settings |= {"paragraph_silence": 0.7, "punctuation_silence": {".": 0.3}}
    response = ask(here, speed=2, **settings)
    assert_speech(response.content, voices["tiny"], length_scale=0.5, **settings)


def test_a_random_seed_is_returned_and_repeats_the_speech(client, ask):
    here = client()
    first, second = (ask(here, seed=None) for _ in range(2))
    assert first.headers["x-seed"] != second.headers["x-seed"]
    repeated = ask(here, seed=int(first.headers["x-seed"]))
    samples, again = (np.frombuffer(r.content, "<i2").astype(int) for r in (first, repeated))
    assert samples.shape == again.shape
    assert np.abs(samples - again).max() <= 1


@pytest.mark.parametrize("stream", [{"stream": True}, {"stream_format": "audio"}])
def test_a_stream_equals_the_complete_response(client, assert_speech, voices, stream):
    body = {"model": "tiny", "input": TEXT, "response_format": "pcm", "seed": 7, **stream}
    with client().stream("POST", URL, json=body) as response:
        data = b"".join(response.iter_bytes())
    assert "content-length" not in response.headers
    assert_speech(data, voices["tiny"])


def test_a_voice_with_several_languages_speaks_each(bilingual_voice, ask, client):
    from fastapi.testclient import TestClient

    from vits.server.app import create_app

    app = create_app({"bilingual": bilingual_voice})
    body = {"model": "bilingual", "input": "Six amis."}
    with TestClient(app, "http://127.0.0.1") as here:
        for name in ("en", "fr"):
            response = ask(here, **body, language=name)
            assert response.status_code == 200
            expected = bilingual_voice("Six amis.", language=name, seed=7)
            assert len(response.content) == 2 * len(expected.samples)
        streamed = ask(here, **body, language="fr", stream=True)
        assert len(streamed.content) == len(response.content)
        (listed,) = here.get("/v1/audio/voices").json()["voices"]
        assert listed["languages"] == ["en", "fr"]


def test_models_and_voices_are_listed(client):
    here = client()
    models = here.get("/v1/models").json()
    assert [model["id"] for model in models["data"]] == ["tiny", "duo"]
    assert here.get("/v1/models/duo").json()["object"] == "model"
    listed = here.get("/v1/audio/voices").json()
    assert listed["voices"][1]["speakers"] == ["ada", "bob"]
    assert listed["voices"][0]["sample_rate"] == 22050
    assert "flac" in listed["formats"]
    assert "/v1/audio/speech" in here.get("/openapi.json").json()["paths"]
