"""Text front end: normalisation, phonemes, symbol ids, and the front end's fingerprint."""

from vits.text.encoding import Encoding, UnknownSymbolWarning, Word
from vits.text.espeak.phonemize import espeak_languages, phonemize
from vits.text.fingerprint import describe_mismatch
from vits.text.frontend import Frontend
from vits.text.lexicon import parse_lexicon, prepare_lexicon, read_lexicon
from vits.text.normalize import clean, normalize
from vits.text.sentences import split_sentences
from vits.text.symbols import SymbolTable

__all__ = [
    "Encoding",
    "Frontend",
    "SymbolTable",
    "UnknownSymbolWarning",
    "Word",
    "clean",
    "describe_mismatch",
    "espeak_languages",
    "normalize",
    "parse_lexicon",
    "phonemize",
    "prepare_lexicon",
    "read_lexicon",
    "split_sentences",
]
