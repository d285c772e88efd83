import re
import time

from vits.text.aligned import AlignedText, Span
from vits.text.rules import RuleSet, requiring, rule

RULES = RuleSet(
    (
        rule("[0-9]+ km", lambda found, style: f"{style} kilometers", "km"),
        rule(
            "[0-9]+", lambda found, style: None if found[0] == "7" else "number", chars="0123456789"
        ),
        rule("&", lambda found, style: "and"),
    )
)


def apply(text, style="some"):
    return RULES.apply(AlignedText(text), style)


def test_the_first_rule_wins_at_each_place():
    assert apply("5 km & 6").text == "some kilometers and number"


def test_declined_matches_are_left_alone():
    assert apply("7 8").text == "7 number"


def test_words_are_set_off_from_letters():
    assert apply("a5b&c").text == "a number b and c"


def test_spans_point_into_the_input():
    assert apply("5 km & 6").span(5, 15) == Span(0, 4)


def test_texts_without_a_match_are_returned_as_they_are():
    text = AlignedText("abc")
    assert RULES.apply(text, "") is text


def test_requirements_are_added_to_rules_without_any():
    (first, second) = requiring(
        "x", (rule("a", lambda f, s: ""), rule("b", lambda f, s: "", "", "y"))
    )
    assert (first.chars, second.chars) == (frozenset("x"), frozenset("y"))
    assert isinstance(first.pattern, re.Pattern)


def test_patterns_that_begin_with_a_digit_are_tried_at_numbers_only():
    plain = [r"(?<![\w.])[0-9]{1,2}:[0-9]", r"([0-9]+)km(?!x|y)", r"(?P<a>[0-9])-", "7[0-9]7"]
    unclear = [
        "[0-9]+|x",
        "([0-9]+|x)y",
        "[0-9]?x",
        "([0-9])?x",
        "([0-9]|a)",
        "a[0-9]",
        "[0-9]*x",
        "([0-9]x|y)",
    ]
    assert [rule(pattern, lambda f, s: "").numeric for pattern in plain] == [True] * 4
    assert [rule(pattern, lambda f, s: "").numeric for pattern in unclear] == [False] * 8


def test_rules_can_begin_with_certain_words_or_numbers():
    rules = RuleSet(
        (
            rule("Dr ", lambda found, style: "Doctor ", words=("Dr",)),
            rule("[0-9]+[/-][0-9]+", lambda found, style: "date", after="-/"),
            rule("[0-9]+", lambda found, style: "number"),
        )
    )
    text = AlignedText("Dr Who, ADr x, on 3/4, 5-6 and 12")
    assert rules.apply(text, "").text == "Doctor Who, ADr x, on date, date and number"


def test_what_no_rule_reads_first_is_tried_by_the_next():
    rules = RuleSet(
        (
            rule("[0-9]+ a", lambda found, style: None if found[0] == "1 a" else "first"),
            rule("[0-9]+", lambda found, style: "second"),
        )
    )
    assert rules.apply(AlignedText("1 a 2 a"), "").text == "second a first"


def test_the_rest_of_a_number_is_read_too():
    rules = RuleSet(
        (
            rule("a[0-9]", lambda found, style: "letter"),
            rule("[0-9]+", lambda found, style: f"<{found[0]}>"),
        )
    )
    assert rules.apply(AlignedText("12 a345 6"), "").text == "<12> letter <45> <6>"


def test_time_is_linear():
    start = time.perf_counter()
    assert apply("5 km 7 " * 20_000).text.count("kilometers") == 20_000
    assert time.perf_counter() - start < 10
