"""Servers with tiny voices: in memory, and on a loopback port."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace

import pytest

from vits.config import FrontendConfig
from vits.models import Vits
from vits.synthesis import Card, Voice, write_voice
from vits.text import Frontend, SymbolTable

pytest.importorskip("fastapi", reason="the extra serve is not installed")
pytest.importorskip("prometheus_client", reason="the extra serve is not installed")
uvicorn = pytest.importorskip("uvicorn", reason="the extra serve is not installed")


@pytest.fixture(scope="session")
def bundles(make_bundle):
    """Voices of one and of two speakers, with espeak-ng."""
    frontend = Frontend(FrontendConfig(), SymbolTable.default())

    def make(name, speakers=()):
        return make_bundle(speakers, frontend=frontend, card=Card(name=name, licence="CC0-1.0"))

    return lambda: {"tiny": make("tiny"), "duo": make("duo", ["ada", "bob"])}


@pytest.fixture(scope="session")
def voices(bundles):
    return {name: Voice(bundle) for name, bundle in bundles().items()}


@pytest.fixture(scope="session")
def polyglot(make_bundle, make_config):
    """A voice of two languages, with espeak-ng."""
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
    """Make test clients of apps with the given limits, in memory."""
    from fastapi.testclient import TestClient

    from vits.server.app import create_app
    from vits.server.limits import Limits

    opened = []

    def make(api_key=None, local=True, **limits):
        app = create_app(voices, Limits(**limits), api_key=api_key, local=local)
        opened.append(TestClient(app, "http://127.0.0.1", raise_server_exceptions=False))
        return opened[-1].__enter__()

    yield make
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture(scope="module")
def address(voices):
    """The address of a real server in a thread."""
    from vits.server.app import create_app
    from vits.server.lifespan import _Server, listen

    app = create_app(voices)
    ready = threading.Event()
    with warnings.catch_warnings(), listen("127.0.0.1", 0) as opened:
        config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none")
        server = _Server(config, app, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
        thread.start()
        assert ready.wait(30)
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def command(voice_folders):
    """Start `vits serve` with arguments: (process, address)."""
    started = []

    def start(*arguments, **environment):
        words = [sys.executable, "-m", "vits", "serve", "--port", "0", *arguments]
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            cwd=voice_folders,
        )
        started.append(process)
        line = process.stdout.readline()
        assert line.startswith("http://"), line + process.stderr.read()
        return process, line.split()[0]

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)


@pytest.fixture
def until():
    """Wait until something is true."""

    def wait(true, seconds=10):
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "nothing happened"
            time.sleep(0.02)

    return wait
