"""OpenAI's own client speaks through the server, as it is."""

import io

import numpy as np
import pytest
import soundfile

from vits.audio.files import to_pcm16

openai = pytest.importorskip("openai", reason="OpenAI's client is not installed")

TEXT = "Hello there. How are you today?"


@pytest.fixture
def ai(address):
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        yield client


def close(data, voice, **how):
    alone = to_pcm16(np.clip(voice(TEXT, seed=7, **how).samples, -1, 1)).astype(int)
    found = np.frombuffer(data, "<i2").astype(int)
    return found.shape == alone.shape and np.abs(found - alone).max() <= 1


def test_a_whole_answer(ai, voices):
    answer = ai.audio.speech.create(
        model="duo",
        voice="bob",
        input=TEXT,
        response_format="pcm",
        speed=2.0,
        extra_body={"seed": 7},
    )
    assert close(answer.content, voices["duo"], speaker="bob", length_scale=0.5)


def test_the_format_is_mp3_unless_given(ai, voices, tmp_path):
    ai.audio.speech.create(model="tiny", voice="tiny", input=TEXT).write_to_file(tmp_path / "x.mp3")
    info = soundfile.info(tmp_path / "x.mp3")
    assert (info.format, info.samplerate) == ("MP3", 22050)


@pytest.mark.parametrize("how", [{}, {"stream_format": "audio"}], ids=["plain", "stream_format"])
def test_a_stream(ai, voices, how):
    with ai.audio.speech.with_streaming_response.create(
        model="tiny", voice="tiny", input=TEXT, response_format="pcm", extra_body={"seed": 7}, **how
    ) as answer:
        data = b"".join(answer.iter_bytes(1024))
    assert close(data, voices["tiny"])


def test_events(ai):
    answer = ai.audio.speech.create(
        model="tiny", voice="tiny", input=TEXT, response_format="wav", stream_format="sse"
    )
    kinds = [line.split('"')[3] for line in answer.text.splitlines() if line]
    assert set(kinds[:-1]) == {"speech.audio.delta"}
    assert kinds[-1] == "speech.audio.done"


def test_the_voices_are_its_models(ai):
    assert [model.id for model in ai.models.list()] == ["tiny", "duo"]
    assert ai.models.retrieve("duo").owned_by == "vits"
    with pytest.raises(openai.NotFoundError, match="there are: tiny, duo"):
        ai.models.retrieve("tts-1")


def test_mistakes_come_as_its_own_errors(ai):
    say = ai.audio.speech.create
    with pytest.raises(openai.BadRequestError, match="speed") as error:
        say(model="tiny", voice="tiny", input="x", speed=17.0)
    assert (error.value.param, error.value.type) == ("speed", "invalid_request_error")
    with pytest.raises(openai.NotFoundError) as error:
        say(model="tts-1", voice="alloy", input="x")
    assert error.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="aac"):
        say(model="tiny", voice="tiny", input="x", response_format="aac")
    with pytest.raises(openai.UnprocessableEntityError, match="nothing to speak"):
        say(model="tiny", voice="tiny", input="😀")


def test_a_whole_answer_through_the_asynchronous_client(address, voices):
    import asyncio

    async def say():
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none") as client:
            orders = [
                client.audio.speech.create(
                    model="tiny",
                    voice="tiny",
                    input=TEXT,
                    response_format="wav",
                    extra_body={"seed": 7},
                )
                for _ in range(5)
            ]
            return [answer.content for answer in await asyncio.gather(*orders)]

    for data in asyncio.run(say()):
        wave, _ = soundfile.read(io.BytesIO(data), dtype="int16")
        assert close(wave.astype("<i2").tobytes(), voices["tiny"])
