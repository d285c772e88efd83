"""Server-sent events, and errors before the first chunk."""

import base64
import json

import pytest

TEXT = "Hello there. How are you today?"


def events(text):
    return [json.loads(part.removeprefix("data: ")) for part in text.split("\n\n") if part]


def test_events_carry_audio_and_timings(client, ask, assert_speech, voices):
    response = ask(client(), stream_format="sse", timings=True, input=f"{TEXT} ∮")
    assert response.headers["content-type"].startswith("text/event-stream")
    received = events(response.text)
    kinds = [event["type"] for event in received]
    assert set(kinds) == {"speech.audio.delta", "speech.audio.timings", "speech.audio.done"}
    assert kinds[-1] == "speech.audio.done"
    deltas = [base64.b64decode(event["audio"]) for event in received if "audio" in event]
    assert_speech(b"".join(deltas), voices["tiny"])
    alone = voices["tiny"](TEXT, seed=7)
    timed = [event for event in received if "phonemes" in event]
    for name in ("phonemes", "words"):
        timings = [timing for event in timed for timing in event[name]]
        assert timings == [timing.to_dict() for timing in getattr(alone, name)]
    ends = [event["start"] + event["seconds"] for event in timed]
    assert [event["start"] for event in timed] == pytest.approx([0, *ends[:-1]])
    assert received[-1]["seconds"] == pytest.approx(alone.seconds)
    assert received[-1]["usage"]["input_tokens"] == len(TEXT) + 2


@pytest.mark.parametrize("text", ["Hello 😀 there.", "😀. Hello.", "Hello there. 😀"])
def test_skipped_text_is_reported_to_its_own_request_only(client, ask, text):
    here = client()
    response = ask(here, stream_format="sse", timings=True, input=text)
    (message,) = [text for event in events(response.text) for text in event.get("notices", [])]
    assert "😀" in message
    response = ask(here, stream_format="sse", timings=True)
    assert not [text for event in events(response.text) for text in event.get("notices", [])]
    assert 'vits_notices_total{voice="tiny"} 1.0' in here.get("/metrics").text


def test_a_stream_that_fails_before_its_first_chunk_has_a_status(client, ask):
    assert ask(client(), input="😀", stream=True).status_code == 422


def test_words_carry_the_range_of_the_input_they_stand_for(client, ask):
    text = "**Hello** there."
    response = ask(client(), stream_format="sse", timings=True, input=text)
    words = [word for event in events(response.text) for word in event.get("words", ())]
    assert [text[slice(*word["source"])] for word in words] == ["Hello", "there"]


def test_markup_is_read_sign_by_sign_on_request(client, ask):
    first, second = (
        ask(client(), input="Hello <b>there</b>.", response_format="wav", seed=1, markup=markup)
        for markup in (True, False)
    )
    assert len(first.content) < len(second.content)
