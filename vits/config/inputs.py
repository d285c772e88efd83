"""How text becomes symbols and waves become spectrograms."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from vits.config.checks import require, require_choice, require_effect, require_positive

__all__ = ["AudioConfig", "FrontendConfig"]


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """How waves become spectrograms; names and meanings are torchaudio's.

    Attributes:
        sample_rate: samples per second (Hz).
        n_fft: length of the Fourier transform (samples).
        win_length: length of the Hann window (samples), at most ``n_fft``.
        hop_length: step between frames (samples).
        n_mels: mel bands of the mel loss.
        f_min: lowest mel frequency (Hz).
        f_max: highest mel frequency (Hz); None means half the sample rate.
    """

    GROUP: ClassVar[str] = "audio"

    sample_rate: int = 22050
    n_fft: int = 1024
    win_length: int = 1024
    hop_length: int = 256
    n_mels: int = 80
    f_min: float = 0.0
    f_max: float | None = None

    def __post_init__(self) -> None:
        """Check the values against each other."""
        require_positive(self, "sample_rate", "n_fft", "win_length", "hop_length", "n_mels")
        require(
            self.win_length <= self.n_fft,
            f"win_length {self.win_length} must be at most n_fft {self.n_fft}",
        )
        require(
            self.hop_length <= self.n_fft and (self.n_fft - self.hop_length) % 2 == 0,
            f"n_fft {self.n_fft} minus hop_length {self.hop_length} must be even and not negative",
        )
        top = self.sample_rate / 2 if self.f_max is None else self.f_max
        require(
            0 <= self.f_min < top <= self.sample_rate / 2,
            f"f_min {self.f_min} and f_max {self.f_max} must satisfy "
            f"0 <= f_min < f_max <= sample_rate / 2 = {self.sample_rate / 2:g}",
        )

    @property
    def n_bins(self) -> int:
        """Frequency bins of the linear spectrogram, ``n_fft // 2 + 1``."""
        return self.n_fft // 2 + 1


@dataclass(frozen=True, kw_only=True)
class FrontendConfig:
    """How text becomes symbols.

    Attributes:
        backend: ``espeak`` phonemises with espeak-ng; ``graphemes`` uses the characters themselves.
        language: an espeak-ng language code, e.g. ``en-us``; it also selects the normaliser.
        normalize: expand numbers, dates, currency and abbreviations before phonemisation.
        stress: keep espeak-ng's stress marks (``espeak`` only).
        blanks: put the blank symbol before, between and after all others.
        blank: which symbol that is; "" means the first of the table.
        bos_eos: put ``^`` first and ``$`` last, with no blank outside of them (Piper's layout).
        languages: of a voice that has several: for each row of the language embedding its name and
            the espeak-ng code it is read by, e.g. ``(("en", "en-us"), ("fr", "fr-fr"))``.
            ``language`` is then the one at hand.
        clean: ``all``: map variants of a character to one, as quotes and dashes; ``unknown``: only
            where the symbol table lacks a character (``graphemes`` only; MMS and its like).
        clauses: ``marks``: the front end ends a clause at punctuation, which it keeps; ``espeak``:
            espeak-ng ends it, and one mark is kept of each (``espeak`` only; Piper's reading).
        clusters: symbols of several phonemes that are looked up as one, e.g. ``aɪ`` (Piper).
        romanize: write other scripts in Latin letters with uroman (``clean`` ``unknown`` only).
    """

    backend: Literal["espeak", "graphemes"] = "espeak"
    language: str = "en-us"
    normalize: bool = True
    stress: bool = True
    blanks: bool = True
    blank: str = ""
    bos_eos: bool = False
    languages: tuple[tuple[str, str], ...] = ()
    clauses: Literal["marks", "espeak"] = "marks"
    clusters: tuple[str, ...] = ()
    clean: Literal["all", "unknown"] = "all"
    romanize: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        require_choice(self, "backend", "espeak", "graphemes")
        require_effect(
            self,
            "stress",
            when=self.backend == "espeak",
            reason="characters have no stress marks; take backend 'espeak'",
        )
        require_effect(
            self, "blank", when=self.blanks, reason="there are no blanks; give blanks True"
        )
        require_choice(self, "clean", "all", "unknown")
        require_effect(
            self,
            "clean",
            when=self.backend == "graphemes" and not self.normalize,
            reason="phonemes and normalised text are always clean; take backend 'graphemes' and "
            "normalize False",
        )
        require_choice(self, "clauses", "marks", "espeak")
        require_effect(
            self,
            "clauses",
            when=self.backend == "espeak" and not self.normalize,
            reason="espeak-ng finds clauses in its own texts only; take backend 'espeak' and "
            "normalize False",
        )
        require_effect(
            self,
            "romanize",
            when=self.clean == "unknown",
            reason="only voices that leave known characters alone are romanised; take clean "
            "'unknown'",
        )
        require(bool(self.language.strip()), "language must not be empty, e.g. 'en-us'")
        names = [name for name, _ in self.languages]
        require(
            all(name.strip() and code.strip() for name, code in self.languages)
            and len(set(names)) == len(names),
            f"languages {names} must have different names, none empty, and a code each",
        )
