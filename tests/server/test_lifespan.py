"""Start and graceful shutdown of a real server."""

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")

from vits.cli import main
from vits.errors import ConfigError
from vits.server.app import create_app
from vits.server.lifespan import listen
from vits.server.limits import ServerLimits

LONG = "The quick brown fox jumps over the lazy dog, and then it goes home. " * 8


@pytest.mark.slow
def test_sigterm_finishes_running_requests_and_rejects_new_ones(
    voice_folders, monkeypatch, capsys, post, until
):
    """The command runs in this thread, which gets the signal; the clients run in others."""
    monkeypatch.chdir(voice_folders)
    monkeypatch.setenv("VITS_API_KEY", "open")
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # if the server has ended already
    try:
        with ThreadPoolExecutor(2) as pool:
            outcome = pool.submit(stop_amid_requests, address, pool, post, until)
            assert main(["serve", "tiny", "other=duo", "--port", str(port)]) == 0
            streamed, complete = outcome.result()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(streamed) == len(complete)
    said = capsys.readouterr()
    assert said.out.endswith("\nstopped\n")
    assert said.err == ""


def stop_amid_requests(address, pool, post, until):
    """Send SIGTERM during a stream and a whole file; return both."""
    models = urllib.request.Request(
        f"{address}/v1/models", headers={"authorization": "Bearer open"}
    )
    until(lambda: is_open(address), 60)
    data = json.load(urllib.request.urlopen(models))["data"]
    assert [model["id"] for model in data] == ["tiny", "other"]
    stream = post(address, input=LONG, stream=True)
    first = stream.read(1000)
    waiting = pool.submit(lambda: post(address, input=LONG).read())
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    statuses = []
    until(lambda: statuses.append(post(address).status) or statuses[-1] == 503)
    return first + stream.read(), waiting.result()


def is_open(address):
    try:
        urllib.request.urlopen(f"{address}/healthz").close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("port", [-1, 2**16])
def test_a_port_out_of_range_is_an_error(port):
    with pytest.raises(ConfigError, match=f"port {port} must be from 0 to 65535"):
        listen("127.0.0.1", port)


@pytest.mark.parametrize("trusted", ["", "127.0.0.1", "10.0.0.1"])
def test_only_a_trusted_proxy_names_the_client(voices, monkeypatch, run_app, trusted):
    """The limit per address counts the address that the proxy names, if the proxy is trusted."""
    voice = type(voices["tiny"])
    event, begin = threading.Event(), voice.in_turns
    monkeypatch.setattr(
        voice, "in_turns", lambda *args, **kwargs: event.wait(10) and begin(*args, **kwargs)
    )
    app = create_app(voices, ServerLimits(per_client=1))
    with (
        run_app(app, trusted_proxies=trusted) as (_, address),
        ThreadPoolExecutor(3) as pool,
    ):

        def ask(client):
            headers = {"content-type": "application/json", "x-forwarded-for": client}
            body = b'{"model": "tiny", "input": "Hi.", "response_format": "pcm"}'
            request = urllib.request.Request(f"{address}/v1/audio/speech", body, headers)
            try:
                return urllib.request.urlopen(request, timeout=20).status
            except urllib.error.HTTPError as error:
                return error.code

        first = pool.submit(ask, "1.1.1.1")
        while not app.state.admission.active:
            time.sleep(0.01)
        same = ask("1.1.1.1")
        other = pool.submit(ask, "2.2.2.2")
        time.sleep(0.2)
        event.set()
        assert (first.result(), same) == (200, 429)
        assert other.result() == (200 if trusted == "127.0.0.1" else 429)
