"""`vits serve`: its voices, mistakes, missing packages and warnings."""

import socket
import sys

import pytest

from vits.cli import main
from vits.synthesis import Card, write_voice

for package in ("fastapi", "prometheus_client", "uvicorn"):
    pytest.importorskip(package, reason="the extra serve is not installed")


@pytest.fixture
def folder(make_bundle, tmp_path, monkeypatch):
    """The current directory, with a voice named tiny."""
    write_voice(tmp_path / "tiny", make_bundle(card=Card(name="tiny")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_bundled_voice_is_served_by_default(monkeypatch, capsys):
    from vits.server import lifespan

    served = {}
    monkeypatch.setattr(
        lifespan, "serve", lambda app, sock, ready, **_: served.update(app=app) or ready()
    )
    assert main(["serve", "--port", "0", "--characters", "100", "--batch-wait", "0"]) == 0
    assert "serves kathleen" in capsys.readouterr().out
    assert served["app"].state.limits.characters == 100


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere"], "nowhere"),
        (["tiny", "tiny"], "two voices are named tiny; rename one: OTHER=tiny"),
        (["tiny", "--queue", "0"], "queue 0 must be greater than 0"),
        (["tiny", "--timeout", "nan"], "timeout nan must be"),
        (["tiny", "--api-key", " "], "the API key is empty"),
        (["tiny", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["tiny", "--port", "70000"], "port 70000 must be from 0 to 65535"),
        (["tiny", "--port", "x"], "invalid int"),
        (["tiny", "--alias", "narrator"], "alias 'narrator' must be like tts-1=kathleen"),
        (["tiny", "--alias", "=tiny"], "alias '=tiny' must be like tts-1=kathleen"),
        (["tiny", "--alias", "a=eve"], "alias a=eve: there is no voice 'eve'"),
        (["tiny", "--root-path", "tts/"], "root path 'tts/' must be like /tts"),
        (["tiny", "--allow-origin", "example.org"], "origin 'example.org' must be * or like"),
        (["tiny", "--wyoming", "10200"], "--wyoming '10200' must be HOST:PORT"),
        (["tiny", "--wyoming", "192.0.2.1:10200"], "cannot listen on 192.0.2.1"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_mistakes_are_one_line(arguments, reason, capsys):
    rest = [] if "--port" in arguments else ["--port", "0"]
    assert main(["serve", *arguments, *rest]) == 2
    error = capsys.readouterr().err
    assert error.startswith("vits: error: ")
    assert error.count("\n") == 1
    assert reason in error


def test_a_port_in_use_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"port {port}" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["fastapi", "uvicorn", "prometheus_client"])
def test_a_missing_package_is_named_with_the_extra_that_installs_it(package, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("vits.server.")]:
        if name != "vits.server.limits":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["serve"]) == 2
    error = capsys.readouterr().err
    assert f"needs the package {package}" in error
    assert "pip install 'vits[serve]'" in error


@pytest.mark.usefixtures("folder")
def test_a_public_server_without_a_key_is_warned_about(capsys, monkeypatch):
    from vits.server import lifespan

    monkeypatch.setattr(lifespan, "listen", lambda *_: socket.create_server(("127.0.0.1", 0)))
    monkeypatch.setattr(lifespan, "serve", lambda *_, **__: None)
    assert main(["serve", "tiny", "--host", "0.0.0.0"]) == 0
    assert "--api-key" in capsys.readouterr().err
    assert main(["serve", "tiny", "--host", "0.0.0.0", "--api-key", "open"]) == 0
    assert "--api-key" not in capsys.readouterr().err


@pytest.fixture
def served(folder, monkeypatch):
    """Run `vits serve tiny` without serving; return the app and the options of the server."""
    from vits.server import lifespan

    found = {}

    def serve(app, sock, ready, **options):
        ready()
        found.update(app=app, **options)

    def run(*arguments):
        monkeypatch.setattr(lifespan, "serve", serve)
        assert main(["serve", "tiny", "--port", "0", *arguments]) == 0
        return found

    return run


def test_an_alias_is_another_name_of_a_voice(served):
    from fastapi.testclient import TestClient

    app = served("--alias", "narrator=tiny", "--alias", "tts-9=tiny")["app"]
    with TestClient(app, "http://127.0.0.1") as client:
        for name in ("narrator", "tts-9", "tiny"):
            body = {"model": name, "input": "Hi.", "response_format": "pcm"}
            response = client.post("/v1/audio/speech", json=body)
            assert (response.status_code, response.headers["x-voice"]) == (200, "tiny")
        assert client.post("/v1/audio/speech", json={**body, "model": "eve"}).status_code == 404


@pytest.mark.parametrize(
    ("arguments", "trusted"),
    [((), ""), (("--trust-proxy",), "127.0.0.1,::1"), (("--trust-proxy", "10.0.0.1"), "10.0.0.1")],
)
def test_proxies_are_trusted_as_asked(served, arguments, trusted):
    assert served(*arguments)["trusted_proxies"] == trusted


def test_both_addresses_are_printed(served, capsys):
    pytest.importorskip("wyoming", reason="the extra wyoming is not installed")
    served("--wyoming", "127.0.0.1:0")
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("http://127.0.0.1:")
    assert second.startswith("wyoming://127.0.0.1:")
    assert not second.endswith(":0")


def test_the_missing_package_of_wyoming_is_named(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "wyoming", None)
    assert main(["serve", "tiny", "--port", "0", "--wyoming"]) == 2
    assert "pip install 'vits[wyoming]'" in capsys.readouterr().err
