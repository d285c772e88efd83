"""The card of a voice: its origin, licence and training."""

from dataclasses import dataclass, field

__all__ = ["Card", "render_readme"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """Origin, licence and training of a voice; an empty text means not stated.

    Attributes:
        name: name of the voice.
        licence: licence of the voice, preferably an SPDX name such as ``CC0-1.0``.
        origin: whose voice it is and who made it: a person, a project, an address.
        description: one or two sentences for readers.
        dataset: name of the training data.
        utterances: number of training utterances.
        seconds: total length of the training data (seconds).
        training_steps: number of training steps.
        averaged: whether the weights are the moving average of the training, not its last state.
        vits_version: version of this library that wrote the voice.
        hardware: hardware of the training.
        hours: duration of the training (hours); 0: not stated.
        commands: commands that make the voice again, in order.
        figures: results of its evaluation, by name.
        other_formats: settings that only another format has, by format and key, such as
            ``piper.language.code``; ``vits convert`` writes them back.
    """

    name: str = "voice"
    licence: str = ""
    origin: str = ""
    description: str = ""
    dataset: str = ""
    utterances: int = 0
    seconds: float = 0.0
    training_steps: int = 0
    averaged: bool = False
    vits_version: str = ""
    hardware: str = ""
    hours: float = 0.0
    commands: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict[str, float])
    other_formats: dict[str, str] = field(default_factory=dict[str, str])


def render_readme(
    card: Card,
    sample_rate: int,
    language: str,
    speakers: tuple[str, ...],
    *,
    imitates: bool = False,
) -> str:
    """Render the card as the Markdown page of the voice folder.

    Args:
        card: the card.
        sample_rate: of the speech (Hz).
        language: what the voice speaks.
        speakers: names by index.
        imitates: whether the voice speaks like recordings that it is given.
    """
    rows = {
        "Licence": card.licence or "not stated: ask its maker before you use it",
        "Origin": card.origin or "not stated",
        "Language": language,
        "Speakers": _listed(speakers) or "1",
        "Sample rate": f"{sample_rate} Hz",
        "Data": _data(card),
        "Training": _training(card),
        "Made with": f"vits {card.vits_version or '(version not stated)'}",
    }
    if imitates:
        rows["Imitates"] = "recordings that it is given: only of people who agree to it"
    table = "\n".join(f"| {key} | {_cell(value)} |" for key, value in rows.items())
    about = f"{card.description}\n\n" if card.description else ""
    measured = "\n".join(f"| {_cell(k)} | {v:.4g} |" for k, v in card.figures.items())
    figures = f"Measured:\n\n| | |\n|---|---|\n{measured}\n\n" if measured else ""
    steps = "\n".join(card.commands)
    commands = f"Made by:\n\n```bash\n{steps}\n```\n\n" if steps else ""
    return (
        f"# {_cell(card.name)}\n\n{about}| | |\n|---|---|\n{table}\n\n"
        f"{figures}{commands}"
        "```python\nimport vits\n\n"
        'voice = vits.load("path/to/this/folder")\n'
        'voice("Hello.").save("hello.wav")\n```\n'
    )


def _training(card: Card) -> str:
    """Describe the training."""
    length = f", {card.hours:.1f} hours" if card.hours else ""
    where = f" on {card.hardware}" if card.hardware else ""
    return f"{card.training_steps:,} steps{length}{where}" + ", moving average" * card.averaged


def _data(card: Card) -> str:
    """Describe the recordings."""
    size = f"{card.utterances:,} utterances, {card.seconds / 3600:.2f} hours"
    return f"{card.dataset or 'not named'} ({size})"


def _listed(speakers: tuple[str, ...], shown: int = 20) -> str:
    """List the speakers, at most the first twenty."""
    names = ", ".join(name or "(no name)" for name in speakers[:shown])
    return f"{len(speakers)}: {names}" + ", …" * (len(speakers) > shown) if speakers else ""


def _cell(text: str) -> str:
    """Escape a text for one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")
