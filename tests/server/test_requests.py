"""Invalid requests: each gets its HTTP status, the key at fault and one line of explanation."""

import json

import pytest

URL = "/v1/audio/speech"

INVALID = [
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
    ({"model": "tiny", "input": "x", "noise_scale": 2.1}, 400, "noise_scale"),
    ({"model": "tiny", "input": "x", "noise_scale_duration": -0.1}, 400, "noise_scale_duration"),
    ({"model": "tiny", "input": "x", "pitch": 13}, 400, "pitch"),
    ({"model": "tiny", "input": "x", "pitch": 1}, 400, "pitch"),  # the voice has none
    ({"model": "tiny", "input": "x", "pitch_range": 0.5}, 400, "pitch_range"),
    ({"model": "tiny", "input": "x", "sentence_silence": 10.1}, 400, "sentence_silence"),
    ({"model": "tiny", "input": "x", "paragraph_silence": "long"}, 400, "paragraph_silence"),
    ({"model": "tiny", "input": "x", "punctuation_silence": {"?": 11}}, 400, "punctuation_silence"),
    ({"model": "tiny", "input": "x", "punctuation_silence": {"a": 1}}, 400, "punctuation_silence"),
    ({"model": "tiny", "input": "x", "length_scale": 1.0}, 400, "length_scale"),
    ({"model": "tiny", "input": "x", "response_format": "m4a"}, 400, "response_format"),
    ({"model": "tiny", "input": "x", "response_format": "../../etc"}, 400, "response_format"),
    ({"model": "tiny", "input": "x", "stream_format": "mp3"}, 400, "stream_format"),
    ({"model": "tiny", "input": "x", "timings": True}, 400, "timings"),
    ({"model": "tiny", "input": "x", "seed": -1}, 400, "seed"),
    ({"model": "tiny", "input": "x", "seed": 2**63}, 400, "seed"),
    ({"model": "tiny", "input": "x", "sample_rate": 44099}, 400, "sample_rate"),
    ({"model": "tiny", "input": "x", "instructions": "whisper"}, 400, "instructions"),
    ({"model": "../tiny", "input": "x"}, 404, "model"),
    ({"model": "http://127.0.0.1/", "input": "x"}, 404, "model"),
    # names of the hub: a server downloads nothing for a client
    ({"model": "facebook/mms-tts-deu", "input": "x"}, 404, "model"),
    ({"model": "en_US-lessac-medium", "input": "x"}, 404, "model"),
    ({"model": "tiny", "input": "a" * 201}, 413, "input"),
    (b'{"model": "tiny", "input": "' + b"a" * 9000 + b'"}', 413, None),
    ({"model": "tiny", "input": "😀"}, 422, "input"),
]


@pytest.mark.parametrize(("body", "status", "param"), INVALID)
def test_an_invalid_request_names_the_key_at_fault(client, body, status, param):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client(characters=200).post(
        URL, content=data, headers={"content-type": "application/json"}
    )
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert len(error["message"]) < 400
    assert "\n" not in error["message"]


def test_every_speaking_setting_is_a_key_with_its_help():
    from vits.server.requests import SpeechRequest
    from vits.synthesis.settings import SETTINGS

    properties = SpeechRequest.model_json_schema()["properties"]
    assert set(SETTINGS) - set(properties) == {"length_scale"}  # for which ``speed`` stands
    for name in set(SETTINGS) & set(properties):
        assert properties[name]["description"].startswith(SETTINGS[name].help)


def test_only_json_is_accepted(client):
    assert client().post(URL, data={"input": "x"}).status_code == 415


def test_an_endless_body_is_rejected(client):
    def endless():
        for _ in range(100):
            yield b" " * 1000

    headers = {"content-type": "application/json"}
    assert client().post(URL, content=endless(), headers=headers).status_code == 413


@pytest.mark.parametrize("body", [{}, {"language": "de"}])
def test_a_missing_or_unknown_language_is_rejected(bilingual_voice, ask, body):
    from fastapi.testclient import TestClient

    from vits.server.app import create_app

    with TestClient(create_app({"bilingual": bilingual_voice}), "http://127.0.0.1") as here:
        response = ask(here, model="bilingual", input="Six amis.", **body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["param"], error["code"]) == ("language", "language_not_found")
    assert "this voice speaks en, fr" in error["message"]


def test_the_pitch_reaches_a_voice_that_has_one(make_pitched, ask, assert_speech):
    from fastapi.testclient import TestClient

    from vits.server.app import create_app
    from vits.synthesis import Voice

    voice, wish = Voice(make_pitched()), {"pitch": -2.5, "pitch_range": 0.5}
    with TestClient(create_app({"sung": voice}), "http://127.0.0.1") as here:
        (listed,) = here.get("/v1/audio/voices").json()["voices"]
        response = ask(here, model="sung", **wish)
    assert listed["pitch"] is True
    assert_speech(response.content, voice, **wish)
