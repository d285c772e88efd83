"""Start and graceful shutdown of a real server process."""

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")

from vits.errors import ConfigError
from vits.server.app import create_app
from vits.server.lifespan import listen
from vits.server.limits import ServerLimits

LONG = "The quick brown fox jumps over the lazy dog, and then it goes home. " * 8


def test_sigterm_finishes_running_requests_and_rejects_new_ones(command, post, until):
    process, address = command("tiny", "other=duo", VITS_API_KEY="open")
    models = urllib.request.Request(
        f"{address}/v1/models", headers={"authorization": "Bearer open"}
    )
    data = json.load(urllib.request.urlopen(models))["data"]
    assert [model["id"] for model in data] == ["tiny", "other"]
    stream = post(address, input=LONG, stream=True)
    first = stream.read(1000)
    complete = []
    waiting = threading.Thread(target=lambda: complete.append(post(address, input=LONG).read()))
    waiting.start()
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    statuses = []
    until(lambda: statuses.append(post(address).status) or statuses[-1] == 503)
    data = first + stream.read()
    waiting.join(60)
    assert len(data) == len(complete[0])
    assert process.wait(30) == 0
    assert process.stdout.read() == "stopped\n"
    assert process.stderr.read() == ""


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
