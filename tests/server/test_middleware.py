"""Who is let in, and what every answer carries."""

import base64
import hashlib
import re

import pytest

KEY = "sésame"
SPEECH = {"model": "tiny", "input": "Hello.", "response_format": "pcm"}


def bearer(key):
    return {"authorization": b"Bearer " + key.encode()}


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/tiny", "/v1/audio/voices", "/metrics"])
def test_a_key_opens_and_nothing_else_does(client, path):
    here = client(api_key=KEY)
    assert here.get(path, headers=bearer(KEY)).status_code == 200
    for headers in (
        {},
        bearer("sesame"),
        bearer(KEY + "x"),
        bearer(""),
        {"authorization": KEY[:1]},
    ):
        answer = here.get(path, headers={k: v for k, v in headers.items() if v != KEY[:1]})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["type"] == "authentication_error"
    basic = {"authorization": b"Basic " + KEY.encode()}
    assert here.get(path, headers=basic).status_code == 401


def test_speech_needs_the_key_and_the_page_asks_for_it(client):
    here = client(api_key=KEY)
    assert here.post("/v1/audio/speech", json=SPEECH).status_code == 401
    assert here.post("/v1/audio/speech", json=SPEECH, headers=bearer(KEY)).status_code == 200
    assert here.get("/").status_code == 200
    assert here.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::2]:8000"])
def test_other_names_lead_nowhere(client, host):
    here = client()
    answer = here.get("/v1/models", headers={"host": host})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "wrong_host"
    assert client(local=False).get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000"])
def test_the_names_of_this_machine_lead_here(client, host):
    assert client().get("/v1/models", headers={"host": host}).status_code == 200


def test_a_closed_door_refuses_speech_and_tells_who_watches(client):
    here = client()
    here.app.state.door.closed = True
    answer = here.post("/v1/audio/speech", json=SPEECH)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "stopping")
    assert answer.headers["connection"] == "close"
    assert here.get("/healthz").status_code == 503
    assert here.get("/v1/models").status_code == 200


def test_who_has_left_is_forgotten(client):
    here = client()
    assert here.post("/v1/audio/speech", json=SPEECH).status_code == 200
    assert here.post("/v1/audio/speech", json={}).status_code == 400
    assert not here.app.state.door.inside


def test_the_page_may_load_nothing_but_itself(client):
    answer = client().get("/")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert policy[rule] == f"'sha256-{digest}'"
    assert not re.search(r"https?://|//[a-z]+\.|\bon[a-z]+=|style=", answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers


def test_every_control_of_the_page_has_a_name(client):
    text = client().get("/").text
    labelled = set(re.findall(r'<label for="(\w+)"', text))
    controls = set(re.findall(r'<(?:input|select|textarea) id="(\w+)"', text))
    assert controls
    assert controls <= labelled
    assert 'lang="en"' in text
    assert 'aria-live="polite"' in text


def test_models_and_voices_are_listed(client):
    here = client()
    models = here.get("/v1/models").json()
    assert [model["id"] for model in models["data"]] == ["tiny", "duo"]
    assert here.get("/v1/models/duo").json()["object"] == "model"
    found = here.get("/v1/audio/voices").json()
    assert found["voices"][1]["speakers"] == ["ada", "bob"]
    assert found["voices"][0]["sample_rate"] == 22050
    assert "flac" in found["formats"]
    assert "/v1/audio/speech" in here.get("/openapi.json").json()["paths"]


def test_the_numbers_can_be_read_by_prometheus(client):
    from prometheus_client.parser import text_string_to_metric_families

    here = client()
    here.post("/v1/audio/speech", json=SPEECH)
    here.post("/v1/audio/speech", json={})
    for _ in range(3):
        here.get("/made/up")
    answer = here.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["vits_requests"].samples
        if sample.name.endswith("_total")
    }
    assert requests["/v1/audio/speech", "200"] == requests["/v1/audio/speech", "400"] == 1
    assert requests["other", "404"] == 3
    (characters,) = [s for s in families["vits_characters"].samples if s.name.endswith("_total")]
    assert (characters.labels["voice"], characters.value) == ("tiny", 6)
