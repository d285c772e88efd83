"""`vits serve` as its users start and stop it."""

import json
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from vits.cli import main

LONG = "The quick brown fox jumps over the lazy dog, and then it goes home. " * 8


def post(address, timeout=60, **body):
    body = {"model": "tiny", "input": "Hello.", "response_format": "pcm", "seed": 7, **body}
    request = urllib.request.Request(
        f"{address}/v1/audio/speech",
        json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": "Bearer open"},
    )
    try:
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        return error


def test_sigterm_finishes_what_runs_and_refuses_what_is_new(command, until):
    process, address = command("tiny", "other=duo", VITS_API_KEY="open")
    models = urllib.request.Request(
        f"{address}/v1/models", headers={"authorization": "Bearer open"}
    )
    data = json.load(urllib.request.urlopen(models))["data"]
    assert [model["id"] for model in data] == ["tiny", "other"]
    stream = post(address, input=LONG, stream=True)
    first = stream.read(1000)
    whole = []
    waiting = threading.Thread(target=lambda: whole.append(post(address, input=LONG).read()))
    waiting.start()
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    refused = []
    until(lambda: refused.append(post(address).status) or refused[-1] == 503)
    data = first + stream.read()
    waiting.join(60)
    assert abs(len(data) - len(whole[0])) == 0
    assert process.wait(30) == 0
    assert process.stdout.read() == "stopped\n"
    assert process.stderr.read() == ""


def test_the_voice_in_the_box_speaks_unless_another_is_named(monkeypatch, capsys):
    from vits.server import lifespan

    seen = {}
    monkeypatch.setattr(
        lifespan, "serve", lambda app, opened, ready: seen.update(app=app) or ready()
    )
    assert main(["serve", "--port", "0", "--characters", "100", "--batch-wait", "0"]) == 0
    assert "speaks with kathleen" in capsys.readouterr().out
    assert seen["app"].state.limits.characters == 100


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere"], "nowhere"),
        (["tiny", "tiny"], "two voices are called tiny; give one as OTHER=tiny"),
        (["tiny", "--queue", "0"], "queue 0 must be greater than 0"),
        (["tiny", "--timeout", "nan"], "timeout nan must be"),
        (["tiny", "--api-key", " "], "the API key is empty"),
        (["tiny", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["tiny", "--port", "70000"], "port 70000 must be from 0 to 65535"),
        (["tiny", "--port", "x"], "invalid int"),
    ],
)
def test_mistakes_are_one_line(arguments, reason, capsys, voice_folders, monkeypatch):
    monkeypatch.chdir(voice_folders)
    rest = [] if "--port" in arguments else ["--port", "0"]
    assert main(["serve", *arguments, *rest]) == 2
    error = capsys.readouterr().err
    assert error.startswith("vits: error: ")
    assert error.count("\n") == 1
    assert reason in error


def test_a_port_that_is_taken_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"port {port}" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["fastapi", "uvicorn", "prometheus_client"])
def test_without_the_extra_it_says_what_to_install(package, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("vits.server.")]:
        if name != "vits.server.limits":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["serve"]) == 2
    error = capsys.readouterr().err
    assert f"needs the package {package}" in error
    assert "pip install 'vits[serve]'" in error


def test_who_opens_it_to_others_without_a_key_is_warned(capsys, monkeypatch, voice_folders):
    from vits.server import lifespan

    monkeypatch.chdir(voice_folders)
    monkeypatch.setattr(lifespan, "listen", lambda *_: socket.create_server(("127.0.0.1", 0)))
    monkeypatch.setattr(lifespan, "serve", lambda *_: None)
    assert main(["serve", "tiny", "--host", "0.0.0.0"]) == 0
    assert "--api-key" in capsys.readouterr().err
    assert main(["serve", "tiny", "--host", "0.0.0.0", "--api-key", "open"]) == 0
    assert "--api-key" not in capsys.readouterr().err
