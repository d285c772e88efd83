"""A voice of several languages over HTTP."""

import pytest

URL = "/v1/audio/speech"


@pytest.fixture
def app_client(polyglot):
    from fastapi.testclient import TestClient

    from vits.server.app import create_app
    from vits.server.limits import Limits

    with TestClient(create_app({"polyglot": polyglot}, Limits()), "http://127.0.0.1") as client:
        yield client


def ask(client, **body):
    body = {"model": "polyglot", "input": "Six amis.", "response_format": "pcm", "seed": 7, **body}
    return client.post(URL, json=body)


def test_each_language_is_spoken_and_listed(app_client, polyglot):
    answers = {name: ask(app_client, language=name) for name in ("en", "fr")}
    for name, answer in answers.items():
        assert answer.status_code == 200
        expected = polyglot("Six amis.", language=name, seed=7)
        assert len(answer.content) == 2 * len(expected.samples)
    streamed = ask(app_client, language="fr", stream=True)
    assert len(streamed.content) == len(answers["fr"].content)
    (known,) = app_client.get("/v1/audio/voices").json()["voices"]
    assert known["languages"] == ["en", "fr"]


@pytest.mark.parametrize("body", [{}, {"language": "de"}])
def test_a_missing_or_unknown_language_is_refused(app_client, body):
    answer = ask(app_client, **body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == ("language", "language_not_found")
    assert "this voice speaks en, fr" in error["message"]
