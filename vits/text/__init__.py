"""Text to symbols: cleaning, phonemes, look-up, and the fingerprint of how it was done."""

from vits.text.encoding import Encoding, UnknownSymbolWarning, Word
from vits.text.espeak.phonemize import espeak_languages, phonemize
from vits.text.fingerprint import describe_drift
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
    "describe_drift",
    "espeak_languages",
    "normalize",
    "parse_lexicon",
    "phonemize",
    "prepare_lexicon",
    "read_lexicon",
    "split_sentences",
]
