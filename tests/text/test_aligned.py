from vits.text.aligned import AlignedText, Edit, Span


def test_edits_keep_the_spans_of_the_input():
    text = AlignedText("pay $5 now").edit([Edit(4, 6, "five dollars"), Edit(6, 7, ", ")])
    assert text.text == "pay five dollars, now"
    assert text.span(4, 8) == text.span(9, 16) == Span(4, 6)
    assert text.span(18, 21) == Span(7, 10)


def test_edits_compose():
    text = AlignedText("a 5kg b").sub("5kg", "5 kg").sub("kg", "kilograms").sub("5", "five")
    assert text.text == "a five kilograms b"
    assert text.span(2, 6) == text.span(7, 16) == Span(2, 5)
    assert text.span(17, 18) == Span(6, 7)


def test_insertions_and_deletions():
    text = AlignedText("ab").edit([Edit(1, 1, "-")])
    assert (text.text, text.span(1, 2)) == ("a-b", Span(0, 1))
    assert AlignedText("  ab ").strip(" ").span(0, 2) == Span(2, 4)
    assert AlignedText("").edit([Edit(0, 0, "a")]).text == "a"


def test_no_edit_returns_the_same_text():
    text = AlignedText("abc")
    assert text.sub("x", "y") is text
    assert text.edit([]) is text
