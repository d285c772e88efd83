"""Words in capitals: acronyms are spelled ("F A Q"), shouted words are read as words."""

import re
from functools import lru_cache

from vits.text.english.context import previous_word
from vits.text.languages.tables import word_set
from vits.text.rules import Rule, rule

__all__ = ["CAPITAL_RULES"]

# Acronyms that are read as words although they are short or hard to pronounce.
_WORDS = word_set(
    """
    NASA NATO AIDS OPEC UNESCO UNICEF FIFA UEFA NASDAQ SARS COVID LASER RADAR SCUBA SIM RAM
    ROM PIN GIF ZIP LAN WAN VPN BIOS DOS OK CAPTCHA JPEG PAC SWAT NAFTA OSHA FEMA FICA FAFSA
    MENSA YOLO FOMO BAFTA EFTA ASEAN NIMBY DINK SONAR AWOL CAD SAT TED HUD WASP SPAM ESA
    INTERPOL MASH MIDI CERN SETI PETA NOAA ICANN TWAIN SOAP REST AJAX BASIC COBOL FORTRAN
    PERL LINUX UNIX NAND NOR XOR ECHO JPEGS MIT SCOTUS POTUS FLOTUS GAAP ERISA HIPAA CLEP
    COBRA COVAX OXFAM RAF NORAD DARPA LIDAR MOMA IKEA LEGO SEAT FIAT SAAB NIKE ASOS VISA
    ASICS
    """
)
# Acronyms that are spelled although they look like words.
_SPELLED = word_set(
    """
    US UK EU UN USA UAE USSR FBI CIA NSA IRS FDA EPA CDC FCC FAA SEC DEA ATF DOJ DOD DHS TSA
    CEO CFO CTO COO CIO CMO VP SVP EVP HR PR IT ID TV PC CD DVD VCR AC DC AM FM PM GPS USB
    HDMI LED LCD OLED HD UHD CPU GPU URL WWW HTTP HTTPS HTML CSS XML SQL API SDK IDE OS IOS
    AI ML AR VR NFT ATM ETA FAQ DIY RSVP TBA TBD ASAP AKA IQ EQ ER ICU ICE DNA RNA HIV MRI
    CT ECG EKG EEG BMI PhD MBA BA MA BS MS MD DDS RN GDP GNP CPI IMF WTO WHO ILO IAEA IPO
    ETF ROI KPI VAT IRA MLB NBA NFL NHL MLS NCAA ESPN UFC PGA BBC CNN NBC ABC CBS HBO MTV
    PBS NPR YMCA YWCA IEEE ISBN ISO ANSI IBM HP AMD BMW VW GM AOL SAP UPS DHL EV SUV RV ATV
    UFO VIP NGO PTA GPA ACT GRE LSAT ESL ADHD OCD PTSD AAA AA NRA ACLU NAACP AARP UCLA USC
    LSU NYU NYC LA DC SF NY LGBT LGBTQ IVF ED EMT EMS ALS MS STD STI OTC DUI DWI POW MIA AWD
    RPM MPH UTC GMT EST EDT CST CDT PST PDT MST BST CET AD BC CE BCE PDF JPG EXE APP CEOs
    OMG BTW FYI IMO LOL IRL DM ETC SMS MMS SOS AOK IOU UI UX QA IP TCP UDP FTP SSH DNS ISP
    IOT SAAS EIN SSN PIN ATP ADP UV IR OJ AED IUD ECB EFSF OECD OAS AU AFL CIO IBEW UAW UMW
    PLO IRA ETA ISIS ROTC OSS KGB NKVD SS SA GPO GAO OMB CBO
    """
)
# Ordinary words of two to five letters: emphasis, not an acronym.
_COMMON = word_set(
    """
    am an as at be by do go he if in is it me my no of oh on or so to up us we hi ha ah um
    ok the and for are but not you all any can had her was one our out day get has him his
    how man new now old see two way who boy did its let put say she too use yes why try off
    own far few got big end ask men run top set ten six red hot cut sit eat yet ago add act
    age air arm art bad bag bar bat bed bit box bus buy car cat cry cup dad die dog dry due
    ear egg eye fan fat fit fix fly fun fur gas god gun guy hat hit ice ill job joy key kid
    law lay leg lie lip lot low mad map may mix mom mud net nor nut odd oil pay pen pet pie
    pig pop pot raw rid rob row rub sad sea sex shy sin sir sky son spy sum sun tax tea tie
    tip toe toy war wet win won zoo ban bet bid dig hey huh nah wow ow ouch yep nay via per
    pro con that with have this will your from they know want been good much some time very
    when come here just like long make many more only over such take than them well were
    what each even most must name need next part same seem show side tell turn used work
    year max min fox also back call came down find first give hand high keep last life live look
    made
    once open play read real room said stop sure talk then thing think three told too under
    until upon wait walk week went word able baby ball bank base bear best bill bird blow
    blue boat body bone book born both burn busy cake calm camp card care case cash cell
    city club coat cold cook cool copy cost dark data date dead deal dear deep deny desk
    door draw drop drug duty earn east easy edge else ever evil exit face fact fail fair
    fall farm fast fear feed feel feet fell felt file fill film fine fire fish five flat
    flow food foot four free full fund game gave gift girl glad goal goes gold gone grow
    hair half hall hang hard hate head hear heat held hell help hero hide hill hold hole
    home hope host hour huge hunt hurt idea into iron item jail join jump kept kick kill
    kind king knew lack lady lake land late lead left lens less line link list load loan
    lock lose loss lost lots loud love luck mail main mark meal mean meat meet menu mess
    mile milk mind mine miss moon move nation near neck news nice nine none noon north nose
    note okay once ours pack page paid pain pair park pass past path pick pink plan plus
    poor post pull pure push quit race rain rare rate rest rich ride ring rise risk road
    rock role roof rose rule rush safe sale salt sand save seat seed seen self sell send
    sent shop shot shut sick sign sing site size skin slow snow soft soil sold song soon
    sort soul star stay step suit swim tall tank tape task team tear term test text thank
    tiny tool tour town tree trip true type unit vary vast view vote wage wake wall warm
    warn wash wave weak wear wild wind wine wing wire wise wish wood wore yard yeah zero
    about above after again alarm alive allow alone along among angry apart apple aside
    avoid awake aware basic beach begin being below black blame blind block blood board
    brain brand bread break bring broke brown build buyer catch cause chain chair cheap
    check chest chief child clean clear climb clock close cloud coast could count court
    cover crash crazy cream crime cross crowd cycle daily dance death doubt draft drama
    dream dress drink drive early earth eight empty enemy enjoy enter equal error event
    every exact extra faith false fault fever field fight final floor focus force forth
    forty found frame fresh front fruit fully funny giant given glass going grand grant
    grass great green group grown guard guess guest guide happy heart heavy hello horse
    hotel house human hurry image issue judge knife known large laser later laugh layer
    learn least leave legal level light limit local loose lucky lunch major maybe mayor
    meant media metal might minor model money month moral motor mount mouse mouth movie
    music never night noise novel nurse occur ocean offer often order other ought paint
    panel paper party peace phone photo piece pilot place plain plane plant plate point
    pound power press price pride prime print prior prize proof proud prove queen quick
    quiet quite radio raise range rapid reach ready refer right river rough round route
    royal rural scene score sense serve seven shall shape share sharp sheet shelf shell
    shift shine shirt shock shoot short shout sight since skill sleep small smart smell
    smile smoke solid solve sorry sound south space speak speed spend sport staff stage
    stand start state steal steam steel stick still stock stone store storm story stuff
    style sugar super sweet table taken taste teach teeth thank their theme there these
    thick those throw tight tired title today token total touch tough towel tower trade
    train treat trial truck truly trust truth twice uncle union until upper upset urban
    usual value video visit vital voice waste watch water wheel where which while white
    whole whose woman women world worry worse worst worth would wrong wrote young yours
    youth don't can't won't isn't let's it's that's i'm alert attention warning danger
    caution notice private sale exit enter push pull stop news extra mr mrs
    """
)
# Words in mixed text only next to other words in capitals.
_RARELY_WORDS = word_set(
    """
    US IT ID AM PM MA PA AD ED OR IN ME HI OK WHO ACT AI BE TV SAT AN AS UP
    """
)
_LETTERS = frozenset(["US", "IT", "ID", "WHO", "ACT"])
_CAPITALS = (
    r"(?<![\w.&@#'])(?<![A-Za-z]-)([A-Z]{2,})(s|'s|S'|'S|-(?=[a-z]))?"
    r"(?![A-Z0-9&]|(?<!-)\w|'[a-rt-zA-Z])"
)
_SEGMENT = re.compile(r"[.!?\n]")
_WINDOW = 200


def _capitals(found: re.Match[str], british: bool) -> str | None:
    word, ending = found[1], (found[2] or "").replace("-", " ")
    text = found.string
    if _is_shouted(_segment(text, found.start(), found.end())):
        if word in _SPELLED and word.lower() not in _COMMON:
            return _spell(word, ending)
        return f"{word}{found[2] or ''}".lower()
    if word == "AM":
        alone = re.search(r"\bI $", text[: found.start()][-3:]) or text.startswith(
            " I", found.end()
        )
        return "am" if alone else _spell(word, ending)
    if word == "WHO":
        the = previous_word(text, found.start()).lower() == "the"
        return _spell(word, ending) if the else word.lower()
    if word == "OK" or word in _WORDS:
        return None
    if word.lower() in _COMMON and (word not in _SPELLED or _beside_capitals(found)) and not ending:
        return word.lower()
    if word in _SPELLED or not _is_pronounceable(word):
        return _spell(word, ending)
    if word.lower() in _COMMON:
        return f"{word}{found[2] or ''}".lower()
    return None


def _spell(word: str, ending: str) -> str:
    return " ".join(word) + ending.lower()


def _beside_capitals(found: re.Match[str]) -> bool:
    """Tell whether the words before or after are in capitals, too."""
    before = re.search(r"\b([A-Z]{2,}) $", found.string[max(0, found.start() - 20) : found.start()])
    after = re.match(r" ([A-Z]{2,})\b", found.string[found.end() : found.end() + 20])
    return any(side is not None and side[1].lower() in _COMMON for side in (before, after))


def _segment(text: str, start: int, end: int) -> str:
    """Return the sentence around text[start:end], as far as 200 characters."""
    before = text[max(0, start - _WINDOW) : start]
    marks = list(_SEGMENT.finditer(before))
    found = _SEGMENT.search(text, end, end + _WINDOW)
    stop = found.start() if found else end + _WINDOW
    return text[start - (len(before) - (marks[-1].end() if marks else 0)) : stop]


@lru_cache(maxsize=64)
def _is_shouted(segment: str) -> bool:
    """Tell whether a whole sentence is written in capitals."""
    words = re.findall(r"[^\W\d_]+", segment)
    if not words or any(not word.isupper() for word in words):
        return False
    ordinary = [word for word in words if word.lower() in _COMMON or len(word) > 5]
    # Acronyms that are words as well, such as IT or US, say nothing.
    sure = [word for word in ordinary if word not in _SPELLED]
    return bool(sure) and len(words) > 1 and 2 * len(ordinary) >= len(words)


_ONSETS = (
    "b|bl|br|c|ch|chr|cl|cr|d|dr|f|fl|fr|g|gl|gr|h|j|k|kn|l|m|n|p|ph|pl|pr|qu|r|s|sc|sch|scr|sh|sk|sl|"
    "sm|sn|sp|spr|st|str|sw|t|th|tr|tw|v|w|wh|wr|x|y|z"
)
_CODAS = (
    "b|c|ch|ck|ct|d|f|ft|g|gh|h|k|l|lf|lk|ll|lm|lp|ls|lt|ld|m|mp|n|nc|nd|ng|nk|ns|nt|p|ph|pt|r|rb|rc|"
    "rd|rf|rg|rk|rl|rm|rn|rp|rs|rt|s|sh|sk|sp|ss|st|t|th|ts|tt|v|w|wn|x|y|z"
)
_MIDDLE = r"[^aeiou]{1,3}"
_WORD_SHAPE = re.compile(
    rf"(?:{_ONSETS})?(?:[aeiouy]|ai|au|ea|ee|ei|eu|ia|ie|io|oa|oe|oi|oo|ou|ua|ue|ui|ay|ey|oy)"
    rf"(?:{_MIDDLE}(?:[aeiouy]|ai|au|ea|ee|ei|eu|ia|ie|io|oa|oe|oi|oo|ou|ua|ue|ui|ay|ey|"
    rf"oy))*(?:{_CODAS})?e?"
)


def _is_pronounceable(word: str) -> bool:
    """Tell whether an unknown acronym is read as a word; those up to 3 letters are spelled."""
    return len(word) > 3 and (len(word) > 5 or _WORD_SHAPE.fullmatch(word.lower()) is not None)


def _hyphenated(found: re.Match[str], british: bool) -> str | None:
    """Read "WDSU-TV", "CD-ROM" and "TCP/IP"."""
    words: list[str] = []
    for part in re.split("[-/]", found[0]):
        spelled = part in _SPELLED or not _is_pronounceable(part)
        listed = "/" in found[0] and part in _SPELLED  # "AM/PM"
        spelled = spelled and part not in _WORDS and (listed or part.lower() not in _COMMON)
        words.append(_spell(part, "") if spelled else part)
    return " ".join(words) if any(" " in word for word in words) else None


def _and_letters(found: re.Match[str], british: bool) -> str:
    """Read "AT&T" and "R&B"."""
    parts = [" ".join(part) for part in found[0].removesuffix("'s").split("&")]
    return " and ".join(parts) + ("'s" if found[0].endswith("'s") else "")


def _shouted_article(found: re.Match[str], british: bool) -> str | None:
    return "a" if _is_shouted(_segment(found.string, found.start(), found.end())) else None


def _before_digit(found: re.Match[str], british: bool) -> str | None:
    """Read the letters of "CO2", "MP3" and "4WD"."""
    spelled = found[0] in _SPELLED or not _is_pronounceable(found[0])
    return _spell(found[0], "") if spelled and found[0] not in _WORDS else None


CAPITAL_RULES: tuple[Rule[bool], ...] = (
    rule(
        r"(?<![\w.&@#'-])[A-Z]{2,4}(?=[0-9])|(?<=[0-9])[A-Z]{2,3}(?![\w&])",
        _before_digit,
        "[A-Z][0-9]|[0-9][A-Z]",
        chars="0123456789",
    ),
    rule(r"(?<![\w.&])[A-Z]{1,3}(?:&[A-Z]{1,3})+(?:'s)?(?![\w&])", _and_letters, "&"),
    rule(r"(?<![\w.&@#'-])[A-Z]{2,}(?:[-/][A-Z]{2,})+(?![\w&/-])", _hyphenated, "[A-Z][-/][A-Z]"),
    rule(_CAPITALS, _capitals, "[A-Z]{2}"),
    rule(r"(?<![\w.'])A(?= [A-Z]{2})", _shouted_article, "A [A-Z]{2}"),
)
"""Rules for words in capitals, in order."""
