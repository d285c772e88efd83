"""OpenAI's Python client works with the server unchanged."""

import io

import pytest
import soundfile

openai = pytest.importorskip("openai", reason="OpenAI's client is not installed")

TEXT = "Hello there. How are you today?"


@pytest.fixture
def ai(address):
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_a_complete_response(ai, assert_speech, voices):
    response = ai.audio.speech.create(
        model="duo",
        voice="bob",
        input=TEXT,
        response_format="pcm",
        speed=2.0,
        extra_body={"seed": 7},
    )
    assert_speech(response.content, voices["duo"], speaker="bob", length_scale=0.5)


def test_the_default_format_is_mp3(ai, voices, tmp_path):
    ai.audio.speech.create(model="tiny", voice="tiny", input=TEXT).write_to_file(tmp_path / "x.mp3")
    info = soundfile.info(tmp_path / "x.mp3")
    assert (info.format, info.samplerate) == ("MP3", 22050)


@pytest.mark.parametrize(
    "options", [{}, {"stream_format": "audio"}], ids=["default", "stream_format"]
)
def test_a_stream(ai, assert_speech, voices, options):
    with ai.audio.speech.with_streaming_response.create(
        model="tiny",
        voice="tiny",
        input=TEXT,
        response_format="pcm",
        extra_body={"seed": 7},
        **options,
    ) as response:
        data = b"".join(response.iter_bytes(1024))
    assert_speech(data, voices["tiny"])


def test_events(ai):
    response = ai.audio.speech.create(
        model="tiny", voice="tiny", input=TEXT, response_format="wav", stream_format="sse"
    )
    kinds = [line.split('"')[3] for line in response.text.splitlines() if line]
    assert set(kinds[:-1]) == {"speech.audio.delta"}
    assert kinds[-1] == "speech.audio.done"


def test_voices_are_listed_as_models(ai):
    assert [model.id for model in ai.models.list()] == ["tiny", "duo"]
    assert ai.models.retrieve("duo").owned_by == "vits"
    with pytest.raises(openai.NotFoundError, match="the voices are: tiny, duo"):
        ai.models.retrieve("tts-1")


def test_errors_become_the_clients_own_exceptions(ai):
    create = ai.audio.speech.create
    with pytest.raises(openai.BadRequestError, match="speed") as error:
        create(model="tiny", voice="tiny", input="x", speed=17.0)
    assert (error.value.param, error.value.type) == ("speed", "invalid_request_error")
    with pytest.raises(openai.NotFoundError) as error:
        create(model="other", voice="alloy", input="x")
    assert error.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="aac"):
        create(model="tiny", voice="tiny", input="x", response_format="aac")
    with pytest.raises(openai.UnprocessableEntityError, match="nothing to speak"):
        create(model="tiny", voice="tiny", input="😀")


def test_the_asynchronous_client(address, assert_speech, voices):
    import asyncio

    async def create():
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none") as client:
            requests = [
                client.audio.speech.create(
                    model="tiny",
                    voice="tiny",
                    input=TEXT,
                    response_format="wav",
                    extra_body={"seed": 7},
                )
                for _ in range(5)
            ]
            return [response.content for response in await asyncio.gather(*requests)]

    for data in asyncio.run(create()):
        wave, _ = soundfile.read(io.BytesIO(data), dtype="int16")
        assert_speech(wave.astype("<i2").tobytes(), voices["tiny"])
