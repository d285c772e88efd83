"""Errors outside the speech route, and bugs."""

import pytest


@pytest.mark.parametrize("path", ["/nothing", "/v1/models/eve", "/../page.html", "/docs"])
def test_an_unknown_address_is_an_error_in_json(client, path):
    response = client().get(path)
    assert response.status_code == 404
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_a_wrong_method_is_an_error_in_json(client):
    response = client().get("/v1/audio/speech")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"


def test_a_bug_is_logged_and_its_traceback_is_not_sent(client, ask, voices, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr(type(voices["tiny"]), "in_turns", broken)
    response = ask(client())
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "server_error"
    assert "secret" not in response.text
    assert "secret" in caplog.text
