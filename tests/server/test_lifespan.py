"""Start and graceful shutdown of a real server process."""

import json
import signal
import threading
import time
import urllib.request

import pytest

from vits.errors import ConfigError
from vits.server.lifespan import listen

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
