import pytest

from vits.errors import TextError
from vits.text.language_ids import find_language

LANGUAGES = (("en", "en-us"), ("fr", "fr-fr"), ("fr-ca", "fr-fr"))


@pytest.mark.parametrize(
    ("languages", "name", "expected"),
    [
        ((), None, None),
        ((("eo", "eo"),), None, 0),
        (LANGUAGES, "fr", 1),
        (LANGUAGES, "en-us", 0),
        (LANGUAGES, "fr-ca", 2),
    ],
)
def test_languages_are_found_by_name_or_unique_code(languages, name, expected):
    assert find_language(languages, name) == expected


@pytest.mark.parametrize(
    ("languages", "name", "message"),
    [
        ((), "en", "'en' must be left out: this voice has a single language"),
        (LANGUAGES, None, "no language is given; this voice speaks en, fr, fr-ca; choose one"),
        (LANGUAGES, "de", "unknown language 'de'; this voice speaks"),
        (LANGUAGES, "fr-fr", "unknown language 'fr-fr'"),
    ],
)
def test_missing_unknown_and_ambiguous_languages_are_rejected(languages, name, message):
    with pytest.raises(TextError, match=message):
        find_language(languages, name)
