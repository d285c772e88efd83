"""The languages of a voice that has several: which row of its embedding a name means."""

from vits.errors import TextError

__all__ = ["Languages", "find_language"]

Languages = tuple[tuple[str, str], ...]
"""For each row of the language embedding its name and the espeak-ng code it is read by."""


def find_language(languages: Languages, name: object) -> int | None:
    """Return the row of a language; None where there is one language and none is named.

    Args:
        languages: as ``FrontendConfig.languages``.
        name: a name, or a code that only one of them is read by; None will do for a single one.

    Raises:
        TextError: there is no such language, or none is named; the message lists those there are.

    >>> find_language((("en", "en-us"), ("fr", "fr-fr")), "fr-fr")
    1
    """
    if not languages:
        if name is None:
            return None
        raise TextError(f"language {name!r} must be left out: this voice has no choice of language")
    names = [own for own, _ in languages]
    if name is None and len(names) == 1:
        return 0
    if name in names:
        return names.index(str(name))
    coded = [row for row, (_, code) in enumerate(languages) if code == name]
    if len(coded) == 1:
        return coded[0]
    fault = "no language is named" if name is None else f"unknown language {name!r}"
    raise TextError(f"{fault}; this voice speaks {', '.join(names)}: name one of them")
