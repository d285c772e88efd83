"""``vits finetune``: train a voice further on other recordings, symbols and speakers."""

import argparse

from vits.cli.signals import training_signals
from vits.errors import ConfigError

__all__ = ["add_parser", "run"]

USAGE = "vits finetune VOICE DATA [options]"
ABOUT = f"""usage: {USAGE}

Train a voice further: on more recordings, in another language, with new speakers.

  VOICE    a voice folder, a checkpoint (*.ckpt), or the folder of a run, whose newest is taken
  DATA     a folder that `vits prepare DATA --like VOICE` wrote

The model's shape comes from the voice, the recipe from the voice's checkpoint where there is one;
a file (-c) and the command line win over it. The options are those of `vits fit`, and:
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; its options are Lightning's, as those of ``vits fit``."""
    parser = subparsers.add_parser(
        "finetune",
        help="train a voice further on other recordings or speakers",
        usage=USAGE,
        add_help=False,
    )
    parser.set_defaults(run=run, remaining=[])


def run(args: argparse.Namespace) -> int:
    """Take VOICE and DATA off the arguments, and hand the others to Lightning's command line.

    Raises:
        ConfigError: VOICE or DATA is missing.
        VitsError: what else goes wrong with voice, data or options.
    """
    arguments = args.remaining
    if {"-h", "--help"} & set(arguments):
        print(ABOUT)
        arguments = ["VOICE", "DATA", "--help"]
    if len(arguments) < 2 or any(argument.startswith("-") for argument in arguments[:2]):
        raise ConfigError(f"VOICE and DATA must come first: {USAGE} (see `vits finetune --help`)")
    voice, data, *options = arguments
    with training_signals():
        from vits.cli.base_voice import read_base
        from vits.training.finetuning import finetune

        return finetune(voice, data, options, read=read_base, report=print)
