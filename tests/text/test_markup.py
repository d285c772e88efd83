import random
import re
import time
from collections import Counter

import pytest

from vits.text.markup import strip_markup

TEXTS = [
    "2 * 3", "2 * 3 * 4", "2*3*4=24", "2**8", "a*b", "width*height*depth", "f(x)*g(y)", "5*",
    "a < b", "a < b and c > d", "x <y> z", "Vector<int> is", "if (a<b) x", "I love <3 you",
    "#5", "We are #1 and #2", "C# and F#", "@me #tag", "snake_case_name", "my_var and your_var",
    "Name: ____", "-5 degrees", "- 5 + 3", "> 50 people", ">= 5", "5 > 3", "don`t and won`t",
    "AT&T", "[Note]: this is it", "[Hello](world)", "array[0](x)", "~5 km", "it's 5' 10\"",
    "1986. A year.", "1. First\n2. Second", "* 5 stars", "10% * 5", "C:\\Users\\me", "Well... * hm",
    "[[ə_b_c]] *x", "*", "**", "_", "__", "`", "<", "e.g. <none>", "a | b",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_markup_is_left_alone(text):
    assert strip_markup(text).text == text


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("**bold** and *weak* and __strong__ and _x_.", "bold and weak and strong and x."),
        ("***both***", "both"),
        ("~~gone~~ here", "gone here"),
        ("x<sup>2</sup>, 10<sup>-6</sup>, 5<sup>th</sup>, H<sub>2</sub>O", "x², 10⁻⁶, 5th, H2O"),
        ("# Title\nText", "Title | Text"),
        ("Title\n=====\nText", "Title | Text"),
        ("## C# ##\nText", "C# | Text"),
        ("- Apple\n- Banana", "Apple | Banana"),
        ("* one\n  * two", "one | two"),
        ("- 2 eggs\n- 3 cups", "2 eggs | 3 cups"),
        ("- [ ] todo\n- [x] done", "todo | done"),
        ("1. **First**\n2. Second", "1. First | 2. Second"),
        ("> quoted\n> more", "quoted more"),
        ("text\n\n***\n\nmore", "text | more"),
        ('[a link](https://x.y/z_q "t") after', "a link after"),
        ("![a cat](cat.png)", "a cat"),
        ("[![a cat](cat.png)](https://a.b)", "a cat"),
        ("<https://a.b/c_d_e>", "https://a.b/c_d_e"),
        ("`code_x` and the `<b>` tag", "code_x and the <b> tag"),
        ("``a ` b``", "a ` b"),
        ("```python\nx = 1 < 2\n```\nafter", "x = 1 < 2 | after"),
        ("\\*not\\* weak", "*not* weak"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a| b | 1| 2"),
        ("<p>Hello <b>you</b></p><p>Two</p>", "Hello you | Two"),
        ("one<br>two<br/>three", "one two three"),
        ('<a href="x>y">link</a> & more', "link & more"),
        ("<script>var a = 1;</script>Hi<style>b{}</style>", "Hi"),
        ("<!-- no -->Hi", "Hi"),
        ('<img src="a.png" alt="a &lt; b">', "a < b"),
        ("<ul><li>One</li><li>Two</li></ul>", "One | Two"),
        ("Say [[həlˈoʊ]] *now*", "Say [[həlˈoʊ]] now"),
    ],
)
def test_markup_is_left_out(text, visible):
    found = re.sub(r"\s*\n\s*\n\s*", " | ", strip_markup(text).text.strip())
    assert " ".join(found.split()) == visible


def test_every_character_knows_its_place():
    text = "# A *title*\n\n- see **[here](http://a.b)** &\n<b>x</b>"
    visible = strip_markup(text)
    for word in ("title", "here", "x", "see"):
        at = visible.text.index(word)
        start, end = visible.span(at, at + len(word))
        assert text[start:end] == word


PARTS = [
    "word", "Foo", "12", "3.5", "*", "**", "_", "__", "`", "``", "#", "# ", "- ", "\n", "\n\n", " ",
    "> ", "1. ", "[", "](", "](http://a.b)", ")", "<b>", "</b>", "<", "<p>", ">", "&amp;", "~~",
    "|", "---", "***", "\\", "![", "é", "\r\n", "\t", "[[", "]]", "+ ", "=", "$5", "a_b", "x*y",
]  # fmt: skip


def test_no_letter_or_digit_is_lost():
    rng = random.Random(3)
    for _ in range(300):
        text = "".join(rng.choice(PARTS) for _ in range(rng.randint(1, 30)))
        visible = strip_markup(text)
        rest = re.sub(r"</?[bp]>|\]\(http://a\.b\)", "", text)
        lost = Counter(filter(str.isalnum, rest)) - Counter(filter(str.isalnum, visible.text))
        assert not lost, (text, visible.text)
        spans = [visible.span(i, i + 1) for i in range(len(visible))]
        assert all(0 <= start <= end <= len(text) for start, end in spans)
        assert spans == sorted(spans)


@pytest.mark.parametrize(
    "text", ["*", "[", "> ", "<", "<b ", "`a", "_a", "- ", "<!--", "![", "<script>", "\n*a*\n\n"]
)
@pytest.mark.slow
def test_the_time_is_linear(text):
    started = time.perf_counter()
    strip_markup(text * (50_000 // len(text)))
    assert time.perf_counter() - started < 10
