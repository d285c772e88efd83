"""Languages of a multilingual voice: look-up of a language id by name or code."""

from vits.errors import TextError

__all__ = ["Languages", "find_language"]

Languages = tuple[tuple[str, str], ...]
"""(name, espeak-ng code) of each language id."""


def find_language(languages: Languages, name: object) -> int | None:
    """Return the id of a language, or None if the voice has no languages and ``name`` is None.

    Args:
        languages: see ``FrontendConfig.languages``.
        name: a language name, or an espeak-ng code that exactly one language uses. May be None
            if the voice has at most one language.

    Raises:
        TextError: the language is unknown or missing; the message lists the known ones.

    >>> find_language((("en", "en-us"), ("fr", "fr-fr")), "fr-fr")
    1
    """
    if not languages:
        if name is None:
            return None
        raise TextError(f"language {name!r} must be left out: this voice has a single language")
    names = [known for known, _ in languages]
    if name is None and len(names) == 1:
        return 0
    if name in names:
        return names.index(str(name))
    matches = [index for index, (_, code) in enumerate(languages) if code == name]
    if len(matches) == 1:
        return matches[0]
    fault = "no language is given" if name is None else f"unknown language {name!r}"
    raise TextError(f"{fault}; this voice speaks {', '.join(names)}; choose one")
