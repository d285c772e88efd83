"""SSML read: what is understood, and what is refused in a line."""

import contextlib
import random

import pytest

from vits.errors import TextError
from vits.text.ssml.parser import LONGEST_MARKUP, Boundary, Break, Said, parse_ssml
from vits.text.ssml.prosody import read_break, read_rate
from vits.text.ssml.say_as import read_as


def parse(body, language="en-us"):
    return parse_ssml(f"<speak>{body}</speak>", language)


def test_a_document_with_all_that_a_writer_puts_around_it():
    text = """<?xml version="1.0" encoding="UTF-8"?>
    <speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-GB"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xsi:schemaLocation="http://www.w3.org/2001/10/synthesis synthesis.xsd">
      Hello
    </speak>"""
    assert parse_ssml(text, "en-us").events == [Said(" Hello ", 1.0, None)]


def test_events_are_in_order_and_neighbours_are_one():
    found = parse("a <sub alias='b'>x</sub> c<break time='2s'/><p><s>d</s></p>")
    assert found.events == [
        Said("a b c", 1.0, None),
        Break(2.0),
        Boundary(" "),
        Boundary(" "),
        Said("d", 1.0, None),
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
        (BOMB, "document type is refused"),
        ("<!DOCTYPE speak SYSTEM 'file:///etc/passwd'><speak>a</speak>", "document type"),
        ("<speak>&nbsp;</speak>", "undefined entity"),
        ("<speak>&#0;</speak>", "line 1"),
        ("<speak>\x00</speak>", "line 1"),
        ("<speak>\ud800</speak>", "half a character"),
        ("<?style x?><speak>a</speak>", r"<\?style\?> is not supported"),
        ("<speak>" + "<prosody rate='1'>" * 40 + "a", "more than 32 deep"),
        ("<speak>" + "<p>" * 40, "<p> must not stand in <p>"),
        ("<speak>" + "a" * LONGEST_MARKUP + "</speak>", "at most 1,000,000"),
        ("hello", "line 1"),
        ("<p>a</p>", "one <speak>"),
        ("<speak><speak>a</speak></speak>", "one <speak>"),
        ("<speak>a</speak><speak>b</speak>", "line 1"),
        ("<speak>\n\n<emphasis>a</emphasis></speak>", "line 3: element <emphasis>"),
        ("<speak xmlns='http://other'>a</speak>", "element <speak> is not supported"),
        ("<speak><prosody pitch='high'>a</prosody></speak>", "attribute pitch of <prosody>"),
        ("<speak><prosody>a</prosody></speak>", "must have the attribute rate"),
        ("<speak><prosody rate='warp'>a</prosody></speak>", "rate 'warp'"),
        ("<speak><break time='5'/></speak>", "time '5'"),
        ("<speak><break>a</break></speak>", "must be empty"),
        ("<speak><break strength='huge'/></speak>", "strength 'huge'"),
        ("<speak><phoneme ph='a' alphabet='x-sampa'>b</phoneme></speak>", "must be 'ipa'"),
        ("<speak><phoneme>b</phoneme></speak>", "must have the attribute ph"),
        ("<speak><phoneme ph='a]]b'>b</phoneme></speak>", "double brackets"),
        ("<speak><sub alias='a'><break/></sub></speak>", "<break> must not stand in <sub>"),
        ("<speak><sub>a</sub></speak>", "must have the attribute alias"),
        ("<speak><say-as interpret-as='date'>a</say-as></speak>", "'date' is not supported"),
        ("<speak><say-as interpret-as='digits'/></speak>", "nothing to say"),
        ("<speak><voice>a</voice></speak>", "must have a name"),
        ("<speak><voice gender='female'>a</voice></speak>", "attribute gender of <voice>"),
        ("<speak xml:lang='de'>a</speak>", "xml:lang 'de'"),
        ("<speak><s><p>a</p></s></speak>", "<p> must not stand in <s>"),
        ("<speak><audio src='http://x/y.wav'/></speak>", "<audio> is not supported"),
    ],
)
def test_all_else_is_refused_in_a_line(text, message):
    with pytest.raises(TextError, match=message) as caught:
        parse_ssml(text, "en-us")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_noise_with_angle_brackets_never_crashes():
    chance = random.Random(1)
    pieces = ["<", ">", "/", "speak", "<p>", "</p>", "<break/>", "&", ";", "a", '"', "=", "<!--"]
    for _ in range(300):
        body = "".join(chance.choices(pieces, k=chance.randint(0, 12)))
        with contextlib.suppress(TextError):
            parse(body)


@pytest.mark.parametrize(
    ("value", "rate"), [("0.8", 0.8), ("80%", 0.8), ("+10%", 1.1), ("-20%", 0.8), ("x-fast", 2.0)]
)
def test_rates(value, rate):
    assert read_rate(value, 1.0) == pytest.approx(rate)
    assert read_rate(value, 0.5) == pytest.approx(rate / 2)


@pytest.mark.parametrize("value", ["", "0", "-100%", "11", "+2", "1e0", "NaN", "50 %", "१"])
def test_no_rates(value):
    with pytest.raises(TextError, match="rate"):
        read_rate(value, 1.0)


def test_a_time_wins_over_a_strength():
    assert read_break("250ms", "strong") == 0.25
    assert read_break("60s", None) == 60
    for time in ("61s", "-1s", "1m", "", "s", "1e9s"):
        with pytest.raises(TextError, match="time"):
            read_break(time, None)


@pytest.mark.parametrize(
    ("way", "text", "said"),
    [
        ("characters", "aB-2", "A, B, dash, two"),
        ("spell-out", "é\u0301 ß", "É\u0301, ß"),
        ("digits", "007", "zero zero seven"),
        ("digits", "555-12", "five five five, one two"),
        ("digits", "٣", "three"),
        ("cardinal", "1,234.5", "one thousand two hundred thirty-four point five"),
        ("cardinal", "-3", "minus three"),
        ("ordinal", "3", "third"),
        ("ordinal", "1,002nd", "one thousand second"),
    ],
)
def test_ways_to_read(way, text, said):
    assert read_as(way, text, "en-us") == said


def test_british_and_foreign_numbers():
    assert read_as("cardinal", "101", "en-gb") == "one hundred and one"
    assert read_as("cardinal", "101", "de") == "101"
    assert read_as("digits", "12", "de") == "1 2"
    assert read_as("characters", "a1", "de") == "A, 1"


@pytest.mark.parametrize(
    ("way", "text", "language"),
    [
        ("characters", "a\u263a", "en-us"),
        ("characters", "a-b", "de"),
        ("digits", "12a", "en-us"),
        ("digits", "-", "en-us"),
        ("digits", "²x", "en-us"),
        ("cardinal", "many", "en-us"),
        ("ordinal", "3.5", "en-us"),
        ("ordinal", "3", "de"),
        ("telephone", "1", "en-us"),
    ],
)
def test_what_cannot_be_read_so_is_named(way, text, language):
    with pytest.raises(TextError):
        read_as(way, text, language)
