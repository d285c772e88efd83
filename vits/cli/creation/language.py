"""Recognition of the language of transcripts by their most frequent words."""

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["LANGUAGES", "guess_language"]

# Function words by espeak-ng code. A word that several languages have counts for each.
LANGUAGES: dict[str, str] = {
    "en-us": "the of and to in is was that it he she you for with his her they at be this from "
    "have had are not but we were which by or an as on i",
    "de": "der die das und ist nicht ein eine in zu den mit von sich auf für dem des im auch es "
    "ich er sie wir war als an aus wie bei wird sind",
    "fr-fr": "le la les de des du et est un une dans que qui il elle pour pas sur au avec ce ne "
    "se par plus je nous vous sont son sa en à",
    "es": "el la los las de del y es un una en que por con para no se su lo como más al le pero "
    "sus me ha este fue son muy",
    "it": "il lo la gli le di del della e è un una in che per con non si da sono come più al "
    "nel ma mi ha questo era anche suo",
    "nl": "de het een en van ik is dat niet in te zijn op voor met er maar je hij ze wij was als "
    "aan ook om naar dan zo wat heb die",
}
_WORDS = {code: frozenset(words.split()) for code, words in LANGUAGES.items()}
LEAST_WORDS = 20
LEAST_SHARE = 0.15  # of all words; a text in one of these languages has 0.3 to 0.5
LEAST_LEAD = 1.3  # over the second language; Dutch and German share "in", "was" and "die"


def guess_language(texts: Iterable[str]) -> str | None:
    """Return the espeak-ng code of the language of texts; None if it cannot be told.

    >>> guess_language(["Er war nicht in dem Haus, und wir sind mit der Bahn gefahren."] * 3)
    'de'
    >>> guess_language(["Hm."]) is None
    True
    """
    words = Counter(word for text in texts for word in re.findall(r"[^\W\d_]+", text.lower()))
    total = words.total()
    hits = Counter(
        {code: sum(words[word] for word in known) for code, known in _WORDS.items()}
    ).most_common(2)
    (best, first), (_, second) = hits
    clear = total >= LEAST_WORDS and first >= LEAST_SHARE * total and first >= LEAST_LEAD * second
    return best if clear else None
