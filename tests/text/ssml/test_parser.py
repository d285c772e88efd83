"""SSML parser: supported elements, and one-line errors for all others."""

import contextlib
import random

import pytest

from vits.errors import TextError
from vits.text.ssml.parser import MAX_CHARS, Boundary, Break, TextRun, parse_ssml


def parse(body, language="en-us"):
    return parse_ssml(f"<speak>{body}</speak>", language)


def plain(events):
    """Replace the aligned text of each run by its characters."""
    return [
        event._replace(text=event.text.text) if isinstance(event, TextRun) else event
        for event in events
    ]


def test_a_document_with_declaration_and_namespaces():
    text = """<?xml version="1.0" encoding="UTF-8"?>
    <speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-GB"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xsi:schemaLocation="http://www.w3.org/2001/10/synthesis synthesis.xsd">
      Hello
    </speak>"""
    assert plain(parse_ssml(text, "en-us").events) == [TextRun(" Hello ", 1.0, None)]


def test_events_are_in_order_and_adjacent_text_is_merged():
    document = parse("a <sub alias='b'>x</sub> c<break time='2s'/><p><s>d</s></p>")
    assert plain(document.events) == [
        TextRun("a b c", 1.0, None),
        Break(2.0),
        Boundary(" "),
        Boundary(" "),
        TextRun("d", 1.0, None),
        Boundary(" "),
        Boundary("\n\n"),
    ]


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><speak>&c;</speak>'
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "<!DOCTYPE> and entities are not supported"),
        ("<!DOCTYPE speak SYSTEM 'file:///etc/passwd'><speak>a</speak>", "<!DOCTYPE>"),
        ("<speak>&nbsp;</speak>", "undefined entity"),
        ("<speak>&#0;</speak>", "line 1"),
        ("<speak>\x00</speak>", "line 1"),
        ("<speak>\ud800</speak>", "lone surrogate"),
        ("<?style x?><speak>a</speak>", r"<\?style\?> is not supported"),
        ("<speak>" + "<prosody rate='1'>" * 40 + "a", "more than 32 deep"),
        ("<speak>" + "<p>" * 40, "<p> must not be inside <p>"),
        ("<speak>" + "a" * MAX_CHARS + "</speak>", "at most 1,000,000"),
        ("hello", "line 1"),
        ("<p>a</p>", "one <speak>"),
        ("<speak><speak>a</speak></speak>", "one <speak>"),
        ("<speak>a</speak><speak>b</speak>", "line 1"),
        ("<speak>\n\n<emphasis>a</emphasis></speak>", "line 3: element <emphasis>"),
        ("<speak xmlns='http://other'>a</speak>", "element <speak> is not supported"),
        ("<speak><prosody volume='loud'>a</prosody></speak>", "attribute volume of <prosody>"),
        ("<speak><prosody pitch='200Hz'>a</prosody></speak>", "pitch '200Hz'"),
        ("<speak><prosody range='+2st'>a</prosody></speak>", r"range '\+2st'"),
        ("<speak><prosody pitch=''>a</prosody></speak>", "must have a non-empty attribute pitch"),
        ("<speak><prosody>a</prosody></speak>", "must have a rate, a pitch or a range"),
        ("<speak><prosody rate='warp'>a</prosody></speak>", "rate 'warp'"),
        ("<speak><break time='5'/></speak>", "time '5'"),
        ("<speak><break>a</break></speak>", "must be empty"),
        ("<speak><break strength='huge'/></speak>", "strength 'huge'"),
        ("<speak><phoneme ph='a' alphabet='x-sampa'>b</phoneme></speak>", "must be 'ipa'"),
        ("<speak><phoneme>b</phoneme></speak>", "must have a non-empty attribute ph"),
        ("<speak><phoneme ph='a]]b'>b</phoneme></speak>", "double brackets"),
        ("<speak><sub alias='a'><break/></sub></speak>", "<break> must not be inside <sub>"),
        ("<speak><sub>a</sub></speak>", "must have a non-empty attribute alias"),
        ("<speak><say-as interpret-as='date'>a</say-as></speak>", "'date' is not supported"),
        ("<speak><say-as interpret-as='digits'/></speak>", "is empty"),
        ("<speak><voice>a</voice></speak>", "must have a name"),
        ("<speak><voice gender='female'>a</voice></speak>", "attribute gender of <voice>"),
        ("<speak xml:lang='de'>a</speak>", "xml:lang 'de'"),
        ("<speak><s><p>a</p></s></speak>", "<p> must not be inside <s>"),
        ("<speak><audio src='http://x/y.wav'/></speak>", "<audio> is not supported"),
    ],
)
def test_everything_else_is_rejected_in_one_line(text, message):
    with pytest.raises(TextError, match=message) as caught:
        parse_ssml(text, "en-us")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_random_markup_never_crashes():
    rng = random.Random(1)
    pieces = ["<", ">", "/", "speak", "<p>", "</p>", "<break/>", "&", ";", "a", '"', "=", "<!--"]
    for _ in range(300):
        body = "".join(rng.choices(pieces, k=rng.randint(0, 12)))
        with contextlib.suppress(TextError):
            parse(body)


def test_runs_know_their_place_in_the_document():
    text = "  <speak>Ab &amp; <sub alias='see dee'>CD</sub> <!-- x -->é\r\n<s>你 f</s></speak>"
    runs = [e.text for e in parse_ssml(text, "en-us").events if isinstance(e, TextRun)]
    places = {}
    for run in runs:
        for word in run.text.split():
            at = run.text.index(word)
            places[word] = text[slice(*run.span(at, at + len(word)))]
    assert places == {
        **{"Ab": "Ab", "&": "&amp;", "see": "CD", "dee": "CD", "é": "é", "你": "你", "f": "f"}
    }


def test_lang_is_a_span_of_another_language():
    (run,) = plain(parse("Say <lang xml:lang='de-DE'>Guten Tag. Wie geht's?</lang> now.").events)
    assert run.text == "Say [[de-de: Guten Tag]]. [[de-de: Wie geht's]]? now."
    (run,) = plain(parse("Say <lang xml:lang='en-GB'>hello</lang>.").events)
    assert run.text == "Say hello."
    with pytest.raises(TextError, match="non-empty attribute xml:lang"):
        parse("<lang>hello</lang>")


def test_pitches_add_up_and_know_their_place():
    inner = "<prosody pitch='-3st' range='0.5'>b</prosody>"
    text = f" <speak>é<prosody rate='fast' pitch='+2st'>a {inner} c</prosody></speak>"
    document = parse_ssml(text, "en-us")
    assert [(text[span.start : span.end], *span[2:]) for span in document.pitches] == [
        (inner.removesuffix("</prosody>"), -1.0, 0.5),
        (f"<prosody rate='fast' pitch='+2st'>a {inner} c", 2.0, 1.0),
    ]
    assert [event.text.text for event in document.events] == ["é", "a b c"]
