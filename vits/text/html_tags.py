"""Removes HTML tags, with a paragraph or a pause where the page has one."""

import html
import re
from collections.abc import Iterator

from vits.text.aligned import AlignedText, Edit
from vits.text.languages.tables import word_set

__all__ = ["strip_tags"]

_BLOCKS = word_set(
    """
    address article aside blockquote body caption center dd details dialog div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main
    menu nav ol optgroup option p pre search section summary table tbody tfoot thead title tr ul
    """
)
_CELLS = word_set("td th")
_HIDDEN = word_set("script style template")
_INLINE = word_set(
    """
    a abbr acronym area audio b base bdi bdo big br button canvas cite code col colgroup data
    datalist del dfn em embed font i iframe img input ins kbd label link map mark meta meter
    noscript object output param picture progress q rp rt ruby s samp select slot small source
    span strike strong sub sup svg textarea time track tt u var video wbr
    """
)
_TAGS = _BLOCKS | _CELLS | _HIDDEN | _INLINE
_ATTRIBUTES = r"""(?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*)?"""
_TAG = re.compile(
    rf"<(?P<close>/?)(?P<name>{'|'.join(sorted(_TAGS, reverse=True))})(?P<rest>{_ATTRIBUTES})/?>"
    r"|<!doctype\b[^<>]*>|<!--",
    re.IGNORECASE,
)
_POWER = re.compile("([-−]?[0-9]{1,3}|n)(?=</sup>)", re.IGNORECASE)
_RAISED = str.maketrans("0123456789-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻ⁿ")
_ALT = re.compile(r"""\salt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def strip_tags(text: AlignedText) -> AlignedText:
    """Leave out the tags and comments of HTML; other signs ``<`` are text.

    An image is its alternative text, and a number above the line a superscript. Scripts and style
    sheets are left out as a whole. Character references stay: cleaning resolves them.

    >>> strip_tags(AlignedText("<b>x</b> <y> <img alt='z'>")).text
    'x <y> z'
    """
    return text.edit(_edits(text.text))


def _edits(text: str) -> Iterator[Edit]:
    lower, position = text.lower(), 0
    unclosed: set[str] = set()  # not searched for again
    for found in _TAG.finditer(text):
        start, end = found.span()
        if start < position:
            continue
        name = (found["name"] or "").lower()
        closing = "-->" if found[0] == "<!--" else f"</{name}>" if name in _HIDDEN else ""
        if closing and not found["close"]:
            stop = -1 if closing in unclosed else lower.find(closing, end)
            if stop >= 0:
                end = stop + len(closing)
            else:
                unclosed.add(closing)
                if closing == "-->":
                    continue
        power = _POWER.match(text, end) if name == "sup" and not found["close"] else None
        if power is not None:  # x<sup>2</sup> is x²
            yield Edit(start, power.end(), power[1].translate(_RAISED))
            position = power.end()
            continue
        yield Edit(start, end, _replacement(name, found))
        position = end


def _replacement(name: str, found: re.Match[str]) -> str:
    if name == "img":
        alt = _ALT.search(found["rest"])
        return html.unescape(alt[1] or alt[2] or "") if alt else ""
    if name in _CELLS:
        return "" if found["close"] else ", "
    return "\n\n" if name in _BLOCKS else "\n" if name == "br" else ""
