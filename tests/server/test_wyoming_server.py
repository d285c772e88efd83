"""The Wyoming protocol, with the package's own client."""

import asyncio
import json
import socket
import threading

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")
pytest.importorskip("wyoming", reason="the extra wyoming is not installed")

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from vits.audio.files import to_pcm16
from vits.server import scheduler

TEXT = "Hello there. How are you today?"


@pytest.fixture(scope="module")
def port(voices, bilingual_voice, run_app):
    from vits.server.app import create_app
    from vits.server.lifespan import listen
    from vits.server.limits import ServerLimits

    limits = ServerLimits(characters=300, per_client=80)
    with listen("127.0.0.1", 0) as sock:
        number = sock.getsockname()[1]
        app = create_app({**voices, "both": bilingual_voice}, limits, wyoming=sock)
        with run_app(app):
            yield number


@pytest.fixture
def ask(port):
    """Send events on one connection; return the answers up to the last one of a kind."""

    async def talk(events, until, timeout=20):
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in events:
                await client.write_event(event.event())
            answers = []
            while not answers or not any(kind.is_type(answers[-1].type) for kind in until):
                answers.append(await asyncio.wait_for(client.read_event(), timeout))
            return answers

    return lambda events, *until: asyncio.run(talk(events, until))


def pcm(*waves):
    samples = np.clip(np.concatenate(waves), -1, 1)
    return to_pcm16(samples).astype("<i2").tobytes()


def audio(answers):
    return b"".join(a.payload for a in answers if AudioChunk.is_type(a.type))


def distance(data, expected):
    one, other = (np.frombuffer(d, "<i2").astype(int) for d in (data, expected))
    assert one.shape == other.shape
    return np.abs(one - other).max()


def test_every_voice_speaker_and_language_is_described(ask):
    (answer,) = ask([Describe()], Info)
    (programme,) = Info.from_event(answer).tts
    assert programme.supports_synthesize_streaming
    assert programme.installed
    voices = {voice.name: voice for voice in programme.voices}
    assert set(voices) == {"tiny", "duo", "both"}
    assert [speaker.name for speaker in voices["duo"].speakers] == ["ada", "bob"]
    assert voices["tiny"].speakers is None
    assert voices["tiny"].languages == ["en-US"]
    assert voices["both"].languages == ["en-US", "fr-FR"]


def test_a_ping_is_answered(ask):
    (answer,) = ask([Ping("x")], Pong)
    assert Pong.from_event(answer).text == "x"


@pytest.mark.parametrize(
    ("asked", "name", "options"),
    [
        (None, "tiny", {}),
        (SynthesizeVoice(name="tiny"), "tiny", {}),
        (SynthesizeVoice(name="duo"), "duo", {"speaker": 0}),
        (SynthesizeVoice(name="duo", speaker="bob"), "duo", {"speaker": 1}),
        (SynthesizeVoice(language="en_GB"), "tiny", {}),
        (SynthesizeVoice(language="xx"), "tiny", {}),
    ],
)
def test_a_text_is_spoken(ask, voices, asked, name, options):
    answers = ask([Synthesize(TEXT, asked)], AudioStop, Error)
    kinds = [answer.type for answer in answers]
    assert kinds[0] == "audio-start"
    assert set(kinds[1:-1]) == {"audio-chunk"}
    start = AudioStart.from_event(answers[0])
    assert (start.rate, start.width, start.channels) == (voices[name].sample_rate, 2, 1)
    assert distance(audio(answers), pcm(voices[name](TEXT, seed=0, **options).samples)) <= 1


@pytest.mark.filterwarnings("ignore::vits.text.UnknownSymbolWarning")
def test_a_language_selects_the_voice_that_speaks_it(ask, bilingual_voice):
    answers = ask([Synthesize("Bonjour.", SynthesizeVoice(language="fr-CA"))], AudioStop, Error)
    expected = bilingual_voice("Bonjour.", seed=0, language="fr").samples
    assert distance(audio(answers), pcm(expected)) <= 1


def test_a_text_in_parts_is_spoken_as_it_arrives(port, voices):
    voice = voices["tiny"]

    async def talk():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(SynthesizeStart().event())
            for part in ("Hello th", "ere. How are", " you "):
                await client.write_event(SynthesizeChunk(part).event())
            early = [await client.read_event() for _ in range(2)]  # before the text ends
            await client.write_event(SynthesizeChunk("today?").event())
            await client.write_event(Synthesize(TEXT).event())  # for servers without parts
            await client.write_event(SynthesizeStop().event())
            answers = list(early)
            while not SynthesizeStopped.is_type(answers[-1].type):
                answers.append(await asyncio.wait_for(client.read_event(), 20))
            return early, answers

    early, answers = asyncio.run(talk())
    assert [event.type for event in early] == ["audio-start", "audio-chunk"]
    kinds = [answer.type for answer in answers]
    assert kinds[-2:] == ["audio-stop", "synthesize-stopped"]
    assert (kinds.count("audio-start"), kinds.count("audio-stop")) == (1, 1)
    pause = np.zeros(round(voice.settings.sentence_silence * voice.sample_rate), np.float32)
    sentences = [voice(text, seed=0).samples for text in ("Hello there.", "How are you today?")]
    assert distance(audio(answers), pcm(sentences[0], pause, sentences[1])) <= 1


def test_a_chunk_is_sent_before_the_next_is_spoken(port, monkeypatch):
    permits, take = threading.Semaphore(1), scheduler._next_chunk

    def next_chunk(*arguments):
        assert permits.acquire(timeout=10)
        return take(*arguments)

    monkeypatch.setattr(scheduler, "_next_chunk", next_chunk)

    async def talk():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize(TEXT).event())
            early = [await asyncio.wait_for(client.read_event(), 5) for _ in range(2)]
            permits.release(100)
            while not AudioStop.is_type((await asyncio.wait_for(client.read_event(), 20)).type):
                pass
            return [event.type for event in early]

    assert asyncio.run(talk()) == ["audio-start", "audio-chunk"]


@pytest.mark.filterwarnings("ignore::vits.text.UnknownSymbolWarning")
def test_a_text_in_parts_is_divided_by_the_rules_of_its_language(ask, bilingual_voice):
    """In French ``chap.`` is an abbreviation; in English a sentence ends there."""
    text = "Voir chap. Dix."
    parts = [SynthesizeChunk(part) for part in ("Voir ch", "ap. Di", "x.")]
    start = SynthesizeStart(SynthesizeVoice(language="fr"))
    answers = ask([start, *parts, SynthesizeStop()], SynthesizeStopped)
    expected = bilingual_voice(text, seed=0, language="fr").samples
    assert distance(audio(answers), pcm(expected)) <= 1


@pytest.mark.slow
def test_many_clients_get_the_same_bytes(port):
    async def one():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize("Yes.").event())
            answers = []
            while not answers or not AudioStop.is_type(answers[-1].type):
                answers.append(await asyncio.wait_for(client.read_event(), 60))
            return audio(answers)

    async def all_of_them():
        return await asyncio.gather(*(one() for _ in range(64)))

    assert len(set(asyncio.run(all_of_them()))) == 1


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Synthesize("Hello.", SynthesizeVoice(name="nobody")), "model_not_found"),
        (Synthesize("Hello.", SynthesizeVoice(name="duo", speaker="eve")), "voice_not_found"),
        (Synthesize("Hello. " * 50), "text_too_long"),
        (Synthesize(" "), "invalid_request"),
        (Synthesize("\U0001f600"), "not_speakable"),
        (Synthesize("<speak>Hello.</speak>", text_format="ssml"), "invalid_format"),
        (Synthesize(3), "string_type"),
    ],
)
def test_what_cannot_be_spoken_is_an_error_and_the_connection_stays(ask, event, code):
    answers = ask([event, Ping("still here")], Pong)
    assert [answer.type for answer in answers] == ["error", "pong"]
    assert Error.from_event(answers[0]).code == code


def test_a_text_in_parts_has_a_longest_length(ask):
    parts = [SynthesizeChunk("Hello there, my friend, ") for _ in range(20)]
    answers = ask([SynthesizeStart(), *parts, Ping("x")], Pong)
    assert Error.from_event(answers[0]).code == "text_too_long"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[]\n",
        b"{}\n",
        b'{"type": "synthesize", "data": []}\n',
        b'{"type": "synthesize", "data": {}}\n',
        b'{"type": "synthesize", "data_length": 99999999999}\n',
        b'{"type": "synthesize", "payload_length": 99999999999}\n',
        b'{"type": "synthesize", "payload_length": "many"}\n',
        b"x" * 200_000,
        json.dumps({"type": "synthesize-chunk", "data": {"text": [1]}}).encode() + b"\n",
        b'{"type": "synthesize", "data": {"text": "a", "voice": [1]}}\n',
        b'{"type": "describe", "data_length": 5}\n12345',
    ],
)
def test_nonsense_ends_the_connection_and_nothing_else(port, ask, data):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        try:
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass
    (answer,) = ask([Ping("x")], Pong)
    assert Pong.from_event(answer).text == "x"
