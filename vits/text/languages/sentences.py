"""Sentence ends in other languages: does the dot of a number or abbreviation end a sentence?"""

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from vits.text.languages.expand import LANGUAGES, find_language
from vits.text.languages.german_ordinals import STARTERS
from vits.text.languages.tables import pairs, word_set

if TYPE_CHECKING:
    from vits.text.languages.language import Language

__all__ = ["dot_ends_sentence"]

# Languages without a module of their own: abbreviations that do not end a sentence.
_ABBREVIATIONS = pairs(
    """
    bg: напр т.е ул г г-н г-жа стр бул д-р проф вкл;
    bs: npr tj ul br g gđa dr prof str tzv;
    ca: sr sra dr dra p.ex av pl núm pàg c tel;
    cs: např tj ul č sv str mj tzv nám dr mgr ing bc prof tř obr kap cca mil mld hod min tel st ml;
    da: f.eks bl.a ca dvs nr kl hr fr tlf pct s vedr inkl ekskl jf evt maks mio mia str afd fx dr
        sct skt;
    el: π.χ δηλ κ κα λεωφ οδ αρ σελ τηλ δρ αγ;
    et: nt st lk nr u sh jaan veebr dr prof tn pst;
    fi: esim mm ns klo nro ks puh s n tri prof ent ml os;
    hr: npr tj ul br g gđa dr prof str tzv sv god;
    hu: pl kb dr ún ill u sz id ifj prof özv kft fsz tel old;
    is: t.d þ.e nr kl hr frú dr bls sbr tel ca;
    lt: pvz t.y g nr dr prof p psl šv pr gat;
    lv: piem t.i nr dr prof lpp sv iela kdze;
    nb: f.eks bl.a ca dvs nr kl hr fr tlf s jf evt ev maks mill mrd st dr skt inkl ekskl pst;
    nn: t.d m.a ca dvs nr kl tlf s jf ev maks mill mrd st dr;
    no: f.eks bl.a ca dvs nr kl hr fr tlf s jf evt ev maks mill mrd st dr;
    pl: ul al np tzn tzw tj dr prof mgr inż godz św str nr im pl os woj pow gm płk gen kpt ks bp ok
        tel zł min maks m.in r ww;
    pt: sr sra srs sras srta dr dra p.ex pág págs núm n.º av r tel eng prof profa exmo exma d c
        aprox ed vol cap art;
    ro: dl dna d-na d-l nr str bd dr prof ing p pag ex cca tel sf art;
    ru: т.е ул г г-н г-жа стр им напр пр д кв корп обл р-н проф акад гр св рис гл см ср тел тов
        просп;
    sk: napr tj ul č sv str tzv nám dr mgr ing prof tel cca hod;
    sl: npr tj ul št dr prof g ga str t.i sv tel oz;
    sr: нпр тј ул бр г гђа др проф стр тзв npr tj ul br g gđa dr prof str;
    sv: t.ex bl.a d.v.s dvs nr kl ca s.k f.d fr hr dr prof tel sid s jfr ev max min inkl exkl kap
        st;
    tr: dr prof doç sn av örn cad sok mah apt no tel bkz yy alb müh yrd;
    uk: т.е вул м пан стор ім напр проф акад див тел тов просп буд кв обл р-н
    """
)
# For texts of an unknown language: abbreviations that are no words of another.
_ANY = word_set(
    """
    bijv bzw evtl ggf inkl vgl usw z.b d.h ul np tzn tzw godz inż f.eks bl.a t.ex m.in dhr mevr mw
    blz dott dott.ssa sig sig.ra sig.na sigg pág págs núm avda sra srta sres dra mlle mme mgr av abs
    str nr tel resp ing cit ibid ca esim nro klo pvz napr npr např tj kb tlf ул напр стр
    """
)
_MONTHS = re.compile(
    r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|"
    r"Jan\.|Feb\.|Apr\.|Aug\.|Sept?\.|Okt\.|Nov\.|Dez\.|Stock|Jahrhundert|Klasse|Platz|Etage|Weltkrieg)"
)
_PART = re.compile(r"[^\W\d_]{1,2}\.")
_NEXT_PART = re.compile(r"[^\W\d_]{1,2}\.(?!\w)|[^\W\d_]{2}\.?\s*$")
_WORD = re.compile(r"[^\s\"'“”‘’«»()\[\],;]*$")
_ROMAN_OR_DIGIT = re.compile(r"[0-9]|[IVXLC]+\b")
_WINDOW = 28


class _Dotted(NamedTuple):
    """Patterns of a language's abbreviations."""

    anywhere: re.Pattern[str]
    before_number: re.Pattern[str]
    before_name: re.Pattern[str]


def dot_ends_sentence(language: str, text: str, dot: int, following: int) -> bool | None:
    """Decide whether a dot ends a sentence, or return None if a usual dot does.

    Args:
        language: an espeak-ng code other than English, or empty if it is unknown.
        text: the whole text.
        dot: index of the dot.
        following: index of the next character that is not a space.
    """
    word = _last_word(text, dot)
    family = language.lower().partition("-")[0]
    if family in LANGUAGES:
        return _by_table(find_language(language), text, word, dot, following)
    name = word.lower()
    if word and _part_of_abbreviation(text, word, dot, following):
        return False
    if family:
        if len(word) == 1 and word.isupper():
            return False
        return False if name in _names(family) else None
    if word.isdigit() and len(word) < 3 and _MONTHS.match(text, following):
        return False
    return False if name in _ANY and (len(name) > 2 or word.islower()) else None


@cache
def _names(family: str) -> frozenset[str]:
    return frozenset(_ABBREVIATIONS.get(family, "").split())


def _last_word(text: str, end: int) -> str:
    found = _WORD.search(text[max(0, end - _WINDOW) : end])
    return found[0] if found else ""


def _part_of_abbreviation(text: str, word: str, dot: int, following: int) -> bool:
    """Tell whether a dot is inside "z. B." or "EE. UU."."""
    last = word.rpartition(".")[2]
    if not _PART.fullmatch(f"{last}.") or following - dot > 2:
        return False
    found = _PART.match(text, following)
    if found is None:
        return False
    # Two capitals are initials or an acronym; "z. B." begins small.
    return last.islower() or (last.isupper() and len(last) == 2 and found[0].isupper())


def _by_table(language: "Language", text: str, word: str, dot: int, following: int) -> bool | None:
    next_char = text[following : following + 1]
    patterns = _patterns(language)
    start, stop = max(0, dot - _WINDOW), dot + _WINDOW
    for pattern in patterns:
        for found in pattern.finditer(text, start, stop):
            if not found.start() <= dot < found.end():
                continue
            if dot < found.end() - 1:
                return False
            if pattern is patterns.before_number:
                if _ROMAN_OR_DIGIT.match(text, following):
                    return False
            elif pattern is patterns.before_name:
                if next_char.isupper():
                    return False
            else:
                closing = found[0].lower().replace(" ", "") in language.closing
                return closing and not next_char.isdigit()
    if next_char.isdigit() and (word.lower() in language.months or word.endswith("str")):
        return False
    if f"{word}." in language.units and re.search(r"[0-9½¼¾]\s?$", text[: dot - len(word)][-2:]):
        # A German noun has a capital, too.
        return None if not language.ordinal_dot else _next_word(text, following) in STARTERS
    if language.ordinal_dot and language.is_ordinal(text, dot - len(word), dot):
        return False
    letter = word.rpartition(".")[2]
    if len(letter) == 1 and letter.isupper() and not letter.isdigit():
        return False
    return None


def _next_word(text: str, following: int) -> str:
    found = re.compile(r"\w*").match(text, following)
    return found[0] if found else ""


@cache
def _patterns(language: "Language") -> _Dotted:
    return _Dotted(
        *(
            _pattern([*table])
            for table in (language.abbreviations, language.before_number, language.before_name)
        )
    )


def _pattern(written: list[str]) -> re.Pattern[str]:
    forms = [form for item in written for form in (item, item[:1].upper() + item[1:])]
    dotted = sorted((form for form in forms if form.endswith(".")), key=len, reverse=True)
    pattern = "|".join(map(re.escape, dotted)).replace(r"\ ", " ?")
    return re.compile(rf"(?<![\w.])(?:{pattern})(?![^\W\d_])")
