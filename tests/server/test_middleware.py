"""API keys, host names and shutdown."""

import pytest

KEY = "sésame"
SPEECH = {"model": "tiny", "input": "Hello.", "response_format": "pcm"}


def bearer(key):
    return {"authorization": b"Bearer " + key.encode()}


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/tiny", "/v1/audio/voices", "/metrics"])
def test_only_the_api_key_gives_access(client, path):
    here = client(api_key=KEY)
    assert here.get(path, headers=bearer(KEY)).status_code == 200
    for headers in (
        {},
        bearer("sesame"),
        bearer(KEY + "x"),
        bearer(""),
        {"authorization": KEY[:1]},
    ):
        response = here.get(path, headers={k: v for k, v in headers.items() if v != KEY[:1]})
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["error"]["type"] == "authentication_error"
    basic = {"authorization": b"Basic " + KEY.encode()}
    assert here.get(path, headers=basic).status_code == 401


def test_speech_needs_the_key_but_page_and_health_check_do_not(client):
    here = client(api_key=KEY)
    assert here.post("/v1/audio/speech", json=SPEECH).status_code == 401
    assert here.post("/v1/audio/speech", json=SPEECH, headers=bearer(KEY)).status_code == 200
    assert here.get("/").status_code == 200
    assert here.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::2]:8000"])
def test_a_foreign_host_name_is_rejected_on_a_local_server(client, host):
    here = client()
    response = here.get("/v1/models", headers={"host": host})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "wrong_host"
    assert client(local=False).get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.:8000", "127.0.0.1:1", "127.0.0.2", "[::1]", "[::1]:8000"]
)
def test_every_name_of_this_machine_is_accepted(client, host):
    assert client().get("/v1/models", headers={"host": host}).status_code == 200


def test_a_stopping_server_rejects_speech_and_fails_its_health_check(client):
    here = client()
    here.app.state.admission.closed = True
    response = here.post("/v1/audio/speech", json=SPEECH)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "stopping")
    assert response.headers["connection"] == "close"
    assert here.get("/healthz").status_code == 503
    assert here.get("/v1/models").status_code == 200


def test_finished_requests_are_not_counted(client):
    here = client()
    assert here.post("/v1/audio/speech", json=SPEECH).status_code == 200
    assert here.post("/v1/audio/speech", json={}).status_code == 400
    assert not here.app.state.admission.active
