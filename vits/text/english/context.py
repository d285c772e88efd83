"""What stands around a written form: does a sentence end here, which word comes before?"""

import re

from vits.text.languages.tables import word_set

__all__ = [
    "ends_sentence",
    "has_article",
    "hour_ends_sentence",
    "in_quotes",
    "next_word",
    "previous_word",
    "unit_ends_sentence",
    "with_dot",
]

# Words that, capitalised after an abbreviation, usually start a sentence.
_STARTERS = word_set(
    """
    a after all although an and another are as at because before both but by can did do does
    during each even every everyone few finally first for from had has have he her here hers his
    how however i i'd i'll i'm i've if in instead is it it's its just last later let let's many
    maybe meanwhile more most much my never next no nobody none nor not nothing now of on once one
    only or other others our perhaps please several she since so some someone soon still such take
    that that's the their them then there there's therefore these they they're this those though
    through thus to today tomorrow two under until up was we we're we've were what when where
    which while who whose why will with without would yes yesterday yet you you're your
    add ask bake bring buy call click come continue drive follow get give go keep look make meet
    pour put remove repeat send serve stir stop take tell try turn use wait walk
    write
    """
)
_REST = re.compile(r"[\"')\]]*(?:\s+[\"'(\[]*([^\W\d_][\w']*)(\.?)|\s*$)")
# Of a text that is read backwards.
_PREVIOUS = re.compile(r"\n?[ -]*([\w'.]+)")
_NEXT = re.compile(r" ?([\w']+)")
_NOUN = re.compile(r"[ -]([a-z]{2,}|[A-Z][a-z]+)")
_WINDOW = 40
_FUNCTION_WORDS = word_set(
    """
    a above after against all although am an and are as at away be because before behind below
    beneath beside besides between beyond but by can could did do does down during each either
    else for from had has have he her here him his if in inside into is it its just later less
    like long may me might more most must near nor not now of off on once one only onto or out
    outside over past per plus she should since so some than that the their them then there they
    this those though through tall deep thick wide high old to today together too toward towards
    under until up upon us was we were what when where which while who will with within without
    would yesterday you apart ago each every east west north south early late fast far
    """
)


def ends_sentence(text: str, position: int) -> bool:
    """Tell whether a dot before ``position`` also ends a sentence.

    It does at the end of the text, and before a capitalised word that often starts a sentence.
    """
    found = _REST.match(text, position)
    if found is None:
        return False
    if found[1] is None:
        return True
    word = found[1]
    if not word[0].isupper() or (len(word) == 1 and found[2]):
        return False
    return word.lower() in _STARTERS


def with_dot(words: str, found: re.Match[str]) -> str:
    """Return words for an abbreviation; its dot stays if it also ends the sentence."""
    return words + ("." if ends_sentence(found.string, found.end()) else "")


# After an hour these words belong to the time.
_ZONE = re.compile(
    r"\s*(?:Eastern|Central|Pacific|Mountain|Greenwich|Standard|Local|Daylight|Mon|Tues?|Wed|Thu|Fri|"
    r"Sat|Sun|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|"
    r"Dec|January|February|March|April|June|July|August|September|October|November|December|"
    r"[ECMP]T|[A-Z]{3,4})\b"
)
# "At 5 p.m. Sawyer left" has no verb yet.
_OPENING = re.compile(
    r"(?:^|[.!?\n]\s*)[\"'(]*(?:At|By|On|Around|About|Before|After|From|Between|Since|Until|Till|Just|"
    r"Shortly|Exactly|Only)\s(?:[\w:'.-]+\s){0,4}$"
)


def hour_ends_sentence(text: str, start: int, end: int) -> bool:
    """Tell whether the dot of "a.m." or "p.m.", text[start:end], also ends a sentence."""
    found = _REST.match(text, end)
    if found is None:
        return False
    if found[1] is None or ends_sentence(text, end):
        return True
    if not found[1][0].isupper() or _ZONE.match(text, end):
        return False
    return _OPENING.search(text[max(0, start - 60) : start]) is None


def unit_ends_sentence(text: str, position: int) -> bool:
    """Tell whether the dot of a unit before ``position`` also ends a sentence."""
    found = _REST.match(text, position)
    if found is None:
        return False
    word = found[1] or ""
    return ends_sentence(text, position) or (len(word) > 1 and word[0].isupper())


def previous_word(text: str, position: int) -> str:
    """Return the word before ``position`` as written, or an empty string."""
    found = _PREVIOUS.match(text[max(0, position - _WINDOW) : position][::-1])
    return found[1][::-1] if found else ""


def next_word(text: str, position: int) -> str:
    """Return the word after ``position`` as written, or an empty string."""
    found = _NEXT.match(text, position)
    return found[1] if found else ""


def has_article(text: str, start: int, end: int) -> bool:
    """Tell whether text[start:end] is an adjective: between an article and a noun."""
    if previous_word(text, start).lower() not in ("a", "an", "another", "every", "each"):
        return False
    found = _NOUN.match(text, end)
    return found is not None and found[1].lower() not in _FUNCTION_WORDS


def in_quotes(text: str, position: int) -> bool:
    """Tell whether a double quote before ``position`` is still open."""
    return text.count('"', 0, position) % 2 == 1
