"""Arithmetic: "9 - 5 = 4", "6*7", "x >= 10", "x²", "2^10", "3 × 4", "1920x1080"."""

import re

from vits.text.english.amounts import read_fraction
from vits.text.english.context import has_article, previous_word
from vits.text.english.numbers import NUMBER, number, ordinal, plural
from vits.text.rules import Rule, rule

__all__ = ["ARITHMETIC_RULES", "SIGN_NAMES"]

_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ", "0123456789-n")
_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ"
# An operand: a number, perhaps with a letter ("3x"), or a single letter.
_OPERAND = rf"(?:{NUMBER}[a-z]?|\.[0-9]+|[A-Za-z])(?!\w)"
_POWER = rf"(?:\^[-−]?[0-9a-z]+|[{_SUPERSCRIPT}]+)"
_SIGNED = rf"(?:[-−+±√] ?)?(?:{NUMBER}[a-z]?|\.[0-9]+|[A-Za-zπ])(?:{_POWER})?(?!\w)"
_OPERATORS = {
    "=": "equals", "==": "equals", "≠": "not equal to", "!=": "not equal to",
    "<": "less than", ">": "greater than", "≤": "less than or equal to",
    "<=": "less than or equal to", "≥": "greater than or equal to",
    ">=": "greater than or equal to", "≈": "is approximately", "+": "plus", "-": "minus",
    "−": "minus", "—": "minus", "*": "times", "×": "times", "·": "times", "⋅": "times",
    "÷": "divided by", "/": "divided by", "±": "plus or minus", "%": "percent", "√": "the square r"
    "oot of",
    "∞": "infinity", "→": "to", "π": "pi", "°": "degrees", "∈": "in",
}  # fmt: skip
SIGN_NAMES = {
    "=": " equals ", "≠": " not equal to ", "<": " less than ", ">": " greater than ",
    "≤": " less than or equal to ", "≥": " greater than or equal to ", "≈": " is approximately ",
    "±": " plus or minus ", "×": " times ", "÷": " divided by ", "√": " square root of ",
    "∞": " infinity ", "+": " plus ", "©": " copyright ", "π": " pi ", "−": " minus ", "→": " to ",
    "‰": " per mille ", "°": " degrees ", "∑": " the sum of ", "∠": " angle ", "∆": " delta ",
    "∫": " the integral of ", "∈": " in ", "∪": " union ", "∩": " intersection ", "∀": " for all ",
    "∃": " there exists ", "∴": " therefore ", "∂": " partial ",
}  # fmt: skip
"""Words of the signs that are left over."""
_OPERATOR = r"(?:==|!=|<=|>=|[=≠<>≤≥≈+\-−—*×·⋅÷/±])"
_EXPRESSION = (
    rf"(?<![\w.,$£€/@#:'-]){_SIGNED}(?: ?{_OPERATOR} ?{_SIGNED})+"
    r"(?![\w/]|[.,:][0-9]|\.[A-Za-z]|-[\w])"
)
# What every expression has: the end of an operand, an operator, the beginning of another.
_OPERATION = (
    rf"(?:[0-9][a-z]?|\b[A-Za-zπ]|\^[-−]?[0-9a-z]+|[{_SUPERSCRIPT}]) ?{_OPERATOR} ?"
    r"[-−+±√.0-9A-Za-zπ]"
)
# A fraction within an expression; "6/2" is a division.
_FRACTION = re.compile(r"(?<![\w./])([0-9]{1,2})/([0-9]{1,3})(?![\w/^]|\.[0-9])")
_TOKEN = re.compile(
    rf"(?:[0-9]{{1,2}}/[0-9]{{1,3}}(?![0-9./^]))|{_OPERATOR}|√|(?:{NUMBER}|\.[0-9]+)|{_POWER}|[A-Za-zπ]"
)


def _power(text: str, british: bool) -> str:
    """Return a power in words: "²" and "^2" are "squared"."""
    exponent = text.lstrip("^").translate(_POWERS).replace("−", "-")
    if exponent in ("2", "3"):
        return {"2": "squared", "3": "cubed"}[exponent]
    sign = "minus " if exponent.startswith("-") else ""
    exponent = exponent.lstrip("-")
    return f"to the {sign}{ordinal(exponent, british) if exponent.isdigit() else exponent}"


def _expression(found: re.Match[str], british: bool) -> str | None:
    source = found[0]
    if not _is_arithmetic(found):
        return None
    words: list[str] = []
    operand = False  # whether the last token is an operand
    for token in _TOKEN.findall(source):
        fraction = _FRACTION.fullmatch(token)
        if fraction is not None:
            words.append(_fraction_in(fraction, source, british))
            operand = True
        elif token[0] in "^" + _SUPERSCRIPT:
            words.append(_power(token, british))
        elif token[0].isdigit() or (token[0] == "." and len(token) > 1):
            words.append(number(token, british))
            operand = True
        elif token.isalpha() and token != "π":
            words.append(token)
            operand = True
        elif token == "-" and not operand:
            words.append("minus")
        else:
            words.append(_OPERATORS[token])
            operand = token == "π"
    return " ".join(words)


def _fraction_in(found: re.Match[str], source: str, british: bool) -> str:
    top, bottom = int(found[1]), int(found[2])
    if top < bottom and re.search(r"[-+−*×÷=<>≤≥]", source):
        return read_fraction(top, bottom, british)
    return f"{number(found[1], british)} divided by {number(found[2], british)}"


def _is_arithmetic(found: re.Match[str]) -> bool:
    """Tell arithmetic from ranges, scores, dates, fractions and words with a hyphen."""
    source, rest = found[0], found.string[found.end() :]
    letters = re.findall("[A-Za-z]+", source)
    digits = re.search("[0-9]", source) is not None
    if re.search(r"[=≠<>≤≥≈×÷±·⋅−√^⁰¹²³⁴⁵⁶⁷⁸⁹]", source):
        return digits or bool(letters)
    if "+" in source or "*" in source:
        return digits or len(letters) > 1
    if "/" in source and "-" not in source:
        # "6/2" alone is a fraction or a date
        return False
    if letters and digits and re.search(r"[0-9][a-z] - |[a-z] - [0-9]", source):
        return True
    return (
        " - " in source
        and digits
        and re.match(r" (?:is|equals|makes|gives|leaves)\b", rest) is not None
    )


def _scientific(found: re.Match[str], british: bool) -> str:
    """Read "1.5 x 10^6" and "2e-5"."""
    power = found[2] or f"^{found[3].lstrip('+')}"
    return f"{number(found[1], british)} times ten {_power(power, british)}"


def _powered(found: re.Match[str], british: bool) -> str:
    base = number(found[1], british) if found[1][0].isdigit() else " ".join(found[1])
    return f"{base} {_power(found[2], british)}"


def _by(found: re.Match[str], british: bool) -> str | None:
    """Read "5x7", "4 x 4" and "10×20"; "3 × 4" is a product."""
    if " × " in found[0]:
        return None
    parts = re.split(r" ?[x×] ?", found[0])
    return " by ".join(number(part, british) for part in parts)


def _times(found: re.Match[str], british: bool) -> str:
    """Read "2x faster" and "a 3x increase"."""
    after = found.string[found.end() :]
    count = number(found[1], british)
    before = previous_word(found.string, found.start())
    compared = re.match(r" (?:as|more|less|a|the|per|[a-z]+er)\b", after)
    counted = re.match(" [a-z]{3,}", after) and not has_article(
        found.string, found.start(), found.end()
    )
    told = before.islower() and before not in ("a", "an", "the", "is", "by", "and")
    alone = told and re.match(r"[.,;:!?)]|$", after)
    return f"{count} times" if compared or counted or alone else f"{count} x"


def _plus_after(found: re.Match[str], british: bool) -> str:
    return f"{number(found[1], british)} plus"


def _numero(found: re.Match[str], british: bool) -> str:
    return "number "


def _number_name(found: re.Match[str], british: bool) -> str | None:
    """Tell "No 7 was sold" and "at No 10" from "No 7 people are alike"."""
    text = found.string
    inside = re.search(r"[\w,] $", text[: found.start()]) is not None
    named = re.compile(
        r"[0-9]+(?: ?[,.;:)!?]| [A-Z]| (?:is|was|has|had|will|won|lost|in|on|at|of|and|for)\b|$)"
    ).match(text, found.end())
    return "number " if inside or named else None


def _section(found: re.Match[str], british: bool) -> str:
    return "sections " if len(found[1]) > 1 else "section "


ARITHMETIC_RULES: tuple[Rule[bool], ...] = (
    rule(r" ?(?:[-—=]+>|[⇒➔➜➡]) ?", lambda f, b: " to ", chars=">⇒➔➜➡"),
    rule(
        rf"(?<![\w.,])({NUMBER}) ?(?:[x×*·] ?10({_POWER})|[eE]([-+−]?[0-9]{{1,3}}))(?!\w|\.[0-9])",
        _scientific,
        r"10[\^⁰¹²³⁴⁵⁶⁷⁸⁹⁻]|[0-9][eE][-+−]?[0-9]",
        after=" ,.x×*·eE",
    ),
    rule(
        rf"(?<![\w.,])(?:{NUMBER})(?: ?[x×] ?(?:{NUMBER}))+(?! ?=)(?![\w/]|[.,][0-9])",
        _by,
        chars="x×",
        after=" ,.x×",
    ),
    rule(
        r"(?<![\w.,])([0-9]{1,2})[x×]([0-9]{1,2})s(?!\w)",
        lambda f, b: f"{number(f[1], b)} by {plural(number(f[2], b))}",
        after="x×",
    ),
    rule(_EXPRESSION, _expression, _OPERATION, chars="=≠<>≤≥≈+-−—*×·⋅÷/±!"),
    rule(
        rf"(?<![\w.,])({NUMBER}|[A-Za-z]{{1,2}})({_POWER})(?!\w)",
        _powered,
        chars=f"^{_SUPERSCRIPT}",
    ),
    rule(r"(?<=[a-z])([²³])(?=[^\W\d_]|\()", lambda f, b: f" {_power(f[1], b)} ", chars="²³"),
    rule(
        r"(?<![\w.,])([0-9]{1,3}|n)!(?= ?[-=+*/×÷])",
        lambda f, b: f"{number(f[1], b) if f[1] != 'n' else 'n'} factorial",
        "[0-9n]!",
        chars="!",
    ),
    rule(
        rf"(?<=\))({_POWER})(?!\w)",
        lambda f, b: f" {_power(f[1], b)}",
        chars=f"^{_SUPERSCRIPT}",
    ),
    rule(
        r"\b([fghFGHP])\(([a-z])\)(?= ?[=<>≤≥])",
        lambda f, b: f"{f[1]} of {f[2]}",
        words="fghFGHP",
    ),
    rule(rf"(?<![\w.,])({NUMBER})[x×](?!\w)", _times, chars="x×", after=" ,.x×"),
    rule(rf"(?<![\w.,])({NUMBER})\+(?![\w+])", _plus_after, chars="+", after=" ,.+"),
    rule(r"(?:#|№ ?|\bN[o0]\. ?|\bN° ?)(?=[0-9])", _numero, chars="#№N"),
    rule(
        r"\bNo (?=[0-9]{1,3}(?![\w/%°]|[.,:][0-9]))",
        _number_name,
        words=("No",),
    ),
    rule(
        r"(?<![\w.+-])([A-F])\+(?![\w+])", lambda f, b: f"{f[1]} plus", r"[A-F]\+", words="ABCDEF"
    ),
    rule(r"(?<![\w.+-])([A-F])-(?![\w-])", lambda f, b: f"{f[1]} minus", "[A-F]-", words="ABCDEF"),
    rule(r"\bCtrl(?= ?\+)", lambda f, b: "Control", words=("Ctrl",)),
    rule(
        r"(?<=\+)(Del|Esc|Ins)(?!\w)",
        lambda f, b: {"Del": "Delete", "Esc": "Escape", "Ins": "Insert"}[f[1]],
        words=("Del", "Esc", "Ins"),
    ),
    rule(r"(?<=\w)\+\+", lambda f, b: " plus plus ", chars="+"),
    rule(r"(?<=\S )\*(?= \S)", lambda f, b: "times", chars="*"),
    rule(r"(§+) ?(?=[0-9])", _section, "§"),
)
"""Rules for arithmetic, in order."""
