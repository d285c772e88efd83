"""Servers with tiny voices: in memory, and on a loopback port."""

import contextlib
import json
import os
import threading
import time
import urllib.error
import urllib.request
import warnings
from dataclasses import replace

import numpy as np
import pytest

from vits.audio.files import to_pcm16
from vits.config import FrontendConfig
from vits.models import Vits
from vits.synthesis import Card, Voice, write_voice
from vits.text import Frontend, SymbolTable

pytest.importorskip("fastapi", reason="the extra serve is not installed")
pytest.importorskip("prometheus_client", reason="the extra serve is not installed")
pytest.importorskip("uvicorn", reason="the extra serve is not installed")

DEFAULTS = {
    "model": "tiny",
    "input": "Hello there. How are you today?",
    "response_format": "pcm",
    "seed": 7,
}


@pytest.fixture(scope="session")
def bundles(make_bundle):
    """A voice with one speaker and a voice with two, both with espeak-ng."""
    frontend = Frontend(FrontendConfig(), SymbolTable.default())

    def make(name, speakers=()):
        return make_bundle(speakers, frontend=frontend, card=Card(name=name, licence="CC0-1.0"))

    return lambda: {"tiny": make("tiny"), "duo": make("duo", ["ada", "bob"])}


@pytest.fixture(scope="session")
def voices(bundles):
    return {name: Voice(bundle) for name, bundle in bundles().items()}


@pytest.fixture(scope="session")
def bilingual_voice(make_bundle, make_config):
    """A voice with two languages, with espeak-ng."""
    config = FrontendConfig(languages=(("en", "en-us"), ("fr", "fr-fr")))
    frontend = Frontend(config, SymbolTable.default())
    model = replace(make_config(1, len(frontend.symbols)), n_languages=2)
    return Voice(make_bundle(generator=Vits(model), frontend=frontend))


@pytest.fixture(scope="session")
def voice_folders(bundles, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voices")
    for name, bundle in bundles().items():
        write_voice(folder / name, bundle)
    return folder


@pytest.fixture
def client(voices):
    """Make in-memory test clients of apps with the given limits."""
    from fastapi.testclient import TestClient

    from vits.server.app import create_app
    from vits.server.limits import ServerLimits

    opened = []

    def make(api_key=None, local=True, **limits):
        app = create_app(voices, ServerLimits(**limits), api_key=api_key, local=local)
        opened.append(TestClient(app, "http://127.0.0.1", raise_server_exceptions=False))
        return opened[-1].__enter__()

    yield make
    for entered in opened:
        entered.__exit__(None, None, None)


@pytest.fixture
def ask():
    """Request speech from a test client; None leaves a default key out."""

    def post(client, **body):
        body = {**DEFAULTS, **body}
        body = {key: value for key, value in body.items() if value is not None}
        return client.post("/v1/audio/speech", json=body)

    return post


@pytest.fixture
def assert_speech():
    """Assert that 16-bit samples are what a voice says alone, to one step."""

    def check(data, voice, text=DEFAULTS["input"], seed=7, **settings):
        speech = voice(text, seed=seed, **settings)
        expected = to_pcm16(np.clip(speech.samples, -1, 1)).astype(int)
        samples = np.frombuffer(data, "<i2").astype(int)
        assert samples.shape == expected.shape, settings
        assert np.abs(samples - expected).max() <= 1, settings

    return check


@pytest.fixture
def post():
    """Request speech from an address; an HTTP error is returned, not raised."""

    def send(address, timeout=60, **body):
        request = urllib.request.Request(
            f"{address}/v1/audio/speech",
            json.dumps({**DEFAULTS, **body}).encode(),
            {"content-type": "application/json", "authorization": "Bearer open"},
        )
        try:
            return urllib.request.urlopen(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            return error

    return send


@contextlib.contextmanager
def running(app, **options):
    """Run a real server in a thread; yield it and its address."""
    from vits.server.lifespan import Server, listen

    ready = threading.Event()
    with warnings.catch_warnings(), listen("127.0.0.1", 0) as sock:
        server = Server(app, ready.set, **options)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        assert ready.wait(30)
        server.thread = thread
        try:
            yield server, f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def run_app():
    """Run the server of an app in a thread while a context is open."""
    return running


@pytest.fixture(scope="module")
def address(voices):
    """The address of a real server that runs in a thread."""
    from vits.server.app import create_app

    with running(create_app(voices)) as (_, address):
        yield address


@pytest.fixture
def serve(voices):
    """Run a real server with the given limits; returns it and its address."""
    from vits.server.app import create_app
    from vits.server.limits import ServerLimits

    with contextlib.ExitStack() as stack:
        yield lambda **limits: stack.enter_context(
            running(create_app(voices, ServerLimits(**limits)))
        )


@pytest.fixture
def fake_ffmpeg(tmp_path, monkeypatch):
    """Put a shell script called ffmpeg first in PATH; returns the file with its arguments."""

    def install(script):
        folder = tmp_path / "programs"
        folder.mkdir()
        program, arguments = folder / "ffmpeg", folder / "arguments"
        program.write_text(f'#!/bin/sh\necho "$@" > {arguments}\n{script}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return arguments

    return install


@pytest.fixture
def until():
    """Wait until a condition holds."""

    def wait(condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "timed out"
            time.sleep(0.02)

    return wait
