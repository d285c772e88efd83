"""Clients of other servers: their names, their JSON, their paths and their methods."""

import socket
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from vits.errors import ConfigError
from vits.server.app import create_app
from vits.server.clients import ClientOptions, plain_path, select

DATED = "gpt-4o-mini-tts-2025-12-15"
SPEECH = "/v1/audio/speech"


@pytest.fixture
def here(voices):
    """An in-memory client of a server with the given options."""
    opened = []

    def make(**options):
        app = create_app(voices, clients=ClientOptions(**options))
        opened.append(TestClient(app, "http://127.0.0.1", follow_redirects=False))
        return opened[-1].__enter__()

    yield make
    for entered in opened:
        entered.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("model", "voice", "expected"),
    [
        ("tiny", None, ("tiny", None, ())),
        ("tts-1", None, ("tiny", None, ("tts-1",))),
        ("tts-1-hd", "alloy", ("tiny", None, ("tts-1-hd", "alloy"))),
        ("tts-1-1106", "Nova", ("tiny", None, ("tts-1-1106", "Nova"))),
        (
            "gpt-4o-mini-tts-2025-12-15",
            "nova",
            ("tiny", None, ("gpt-4o-mini-tts-2025-12-15", "nova")),
        ),
        ("tts-1", "duo", ("duo", None, ())),
        ("tts-1", "duo/bob", ("duo", "bob", ())),
        ("tiny", "duo", ("duo", None, ())),
        ("whatever", "duo/bob", ("duo", "bob", ())),
        ("duo/bob", None, ("duo", "bob", ())),
        ("duo", "bob", ("duo", "bob", ())),
        ("duo", "duo", ("duo", None, ())),
        ("narrator", None, ("duo", "ada", ())),
        ("tts-1", "narrator", ("duo", "ada", ())),
        ("duo", "shimmer", ("duo", None, ("shimmer",))),
        ("duo", "eve", ("duo", "eve", ())),  # an error, as the voice has no such speaker
        ("other", "eve", (None, "eve", ())),
        ("duo/eve", None, (None, None, ())),
        ("", "duo/bob", ("duo", "bob", ())),
        ("", "alloy", ("tiny", None, ("alloy",))),
        ("", "eve", ("tiny", "eve", ())),  # an error
        ("", None, (None, None, ())),
    ],
)
def test_a_name_means_a_voice(voices, model, voice, expected):
    assert select(model, voice, voices, {"narrator": "duo/ada"}) == expected


def test_a_name_of_openai_is_spoken_by_the_first_voice_and_said(client, ask, assert_speech, voices):
    response = ask(client(), model="tts-1", voice="alloy")
    assert_speech(response.content, voices["tiny"])
    assert response.headers["x-voice"] == "tiny"
    assert response.headers["x-voice-instead-of"] == "tts-1, alloy"
    assert "x-voice-instead-of" not in ask(client()).headers


def test_every_listed_voice_is_accepted(client, ask):
    here = client()
    listed = [voice["id"] for voice in here.get("/v1/audio/voices").json()["voices"]]
    assert listed == ["tiny", "duo", "duo/ada", "duo/bob"]
    for name in listed:
        response = ask(here, model="tts-1", voice=name, input="Hi.")
        assert (response.status_code, response.headers["x-voice"]) == (200, name.split("/")[0])
    assert here.get("/v1/audio/models").json() == here.get("/v1/models").json()


@pytest.mark.parametrize(
    "body",
    [
        '{"speed": 1, "seed": 7.0, "sample_rate": 16000.0}',
        '{"voice": null, "speed": null, "stream": null, "timings": null, "response_format": "PCM"}',
        '{"speed": "1.0", "seed": "7", "stream": "false", "markup": "True"}',
        '{"voice": "", "language": "", "instructions": "", "response_format": "", "seed": ""}',
        '{"stream": 0, "timings": 0, "markup": 1, "punctuation_silence": []}',
        '{"response_format": " Wav ", "stream_format": "SSE", "timings": 1}',
        '{"speed": 1e+00, "noise_scale": ".5", "sentence_silence": 0}',
        '{"voice": {"id": "tiny"}, "instructions": null}',
        '{"voice": 0}',
        '{"voice": "Alloy"}',
        '{"model": null, "voice": "tiny"}',
        '{"input": "\\u0048i \\/ there.", "model": "tts-1-1106"}',
    ],
)
def test_what_a_library_writes_is_taken_as_it_is_meant(client, body):
    text = '{"model": "tiny", "input": "Hi.", ' + body[1:]  # the last of two equal keys counts
    response = client().post(SPEECH, content=text, headers={"content-type": "application/json"})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("", "utf-8"),
        ("; charset=utf-8", "utf-8"),
        (";charset=UTF-8; version=1", "utf-8"),
        ('; charset="Utf-8"', "utf-8-sig"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("; charset=utf-16", "utf-16"),
        ("; charset=ISO-8859-1", "latin-1"),
        ("; charset=windows-1252", "cp1252"),
    ],
)
def test_every_charset_is_read(client, ask, charset, codec):
    here, text = client(), "Café olé."
    body = f'{{"model": "tiny", "input": "{text}", "seed": 7, "response_format": "pcm"}}'
    headers = {"content-type": f"Application/JSON{charset}"}
    response = here.post(SPEECH, content=body.encode(codec), headers=headers)
    assert response.content == ask(here, input=text).content


@pytest.mark.parametrize("charset", ["nonsense", "zip", "punycode", "utf-16"])
def test_another_charset_is_refused(client, charset):
    headers = {"content-type": f"application/json; charset={charset}"}
    response = client().post(SPEECH, content=b"x" * 45, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (415, "invalid_charset")


def test_methods_in_lower_case_and_requests_without_a_host(voices, run_app):
    with run_app(create_app(voices)) as (_, address):
        url = urlsplit(address)
        for request in (b"get /healthz HTTP/1.1\r\nhost: localhost", b"GET /healthz HTTP/1.0"):
            with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
                connection.sendall(request + b"\r\n\r\n")
                assert connection.recv(15)[9:12] == b"200"


def test_unknown_keys_are_ignored_only_if_lenient(here):
    body = {"model": "tiny", "input": "Hi.", "response_format": "pcm", "cfg": 2}
    assert here().post(SPEECH, json=body).status_code == 400
    assert here(lenient=True).post(SPEECH, json=body).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["//v1/audio/speech", "/v1//audio/speech/", "/v1/v1/audio/speech", "/audio/speech"],
)
def test_joined_addresses_are_understood(path):
    assert plain_path(path) == SPEECH
    assert plain_path(f"/a/b{path}", "/a/b") == SPEECH


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/v1/models", "/v1/audio/voices"])
def test_head_and_options(client, path):
    got, head = client().get(path), client().head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    options = client().options(path)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


def test_only_allowed_origins_may_read(here):
    one = here(origins=("https://a.example",))
    for origin, allowed in (("https://a.example", True), ("https://b.example", False)):
        headers = {"origin": origin}
        asked = one.options(SPEECH, headers={**headers, "access-control-request-method": "POST"})
        assert "POST" in asked.headers["access-control-allow-methods"]
        for response in (asked, one.get("/v1/models", headers=headers)):
            assert response.headers.get("access-control-allow-origin") == (
                origin if allowed else None
            )
    everyone = here(origins=("*",)).get("/healthz", headers={"origin": "https://b.example"})
    assert everyone.headers["access-control-allow-origin"] == "*"


def test_a_server_behind_a_path(here):
    behind = here(root_path="/tts")
    assert behind.get("/tts").headers["location"] == "/tts/"
    for prefix in ("", "/tts"):  # a proxy may strip the path or not
        assert behind.get(f"{prefix}/healthz").json() == {"status": "ok"}
        page = behind.get(f"{prefix}/").text
        assert 'fetch("v1/' in page
        assert 'fetch("/' not in page


@pytest.mark.parametrize(
    "options",
    [{"root_path": "tts"}, {"root_path": "/tts/"}, {"origins": ("example.org",)}],
)
def test_invalid_options_are_errors(options):
    with pytest.raises(ConfigError, match="must be"):
        ClientOptions(**options)


def test_an_alias_must_mean_a_voice(voices):
    with pytest.raises(ConfigError, match=r"alias a=eve: there is no voice 'eve'.*duo/bob"):
        create_app(voices, clients=ClientOptions(aliases={"a": "eve"}))
