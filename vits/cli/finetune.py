"""``vits finetune``: fine-tune a voice on other recordings, symbols and speakers."""

import argparse

from vits.cli.signals import training_signals
from vits.errors import ConfigError

__all__ = ["add_parser", "run"]

USAGE = "vits finetune VOICE DATA [options]"
HELP = f"""usage: {USAGE}

Fine-tune a voice on more recordings, another language or new speakers.

  VOICE    a voice folder, a checkpoint (*.ckpt), or the folder of a run (its newest checkpoint)
  DATA     a folder that `vits prepare --like VOICE` wrote

The model configuration comes from the voice, the training configuration from its checkpoint, if
there is one. A file (-c) and the command line override them. The options are those of `vits fit`
and these:

  --lora RANK    train an adapter of this rank, e.g. 8, instead of the weights; the same as
                 --model.training.lora_rank RANK
"""
LORA = "--lora"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; like those of ``vits fit``, its options are Lightning's."""
    parser = subparsers.add_parser(
        "finetune",
        help="fine-tune a voice on other recordings or speakers",
        usage=USAGE,
        add_help=False,
    )
    parser.set_defaults(run=run, remaining=[])


def run(args: argparse.Namespace) -> int:
    """Read VOICE and DATA, and pass the other arguments to Lightning's command line.

    Raises:
        ConfigError: VOICE or DATA is missing.
        VitsError: voice, data or options are invalid, or training fails.
    """
    arguments = args.remaining
    if {"-h", "--help"} & set(arguments):
        print(HELP)
        arguments = ["VOICE", "DATA", "--help"]
    if len(arguments) < 2 or any(argument.startswith("-") for argument in arguments[:2]):
        raise ConfigError(f"VOICE and DATA must come first: {USAGE} (see `vits finetune --help`)")
    voice, data, *options = map(_unabbreviated, arguments)
    with training_signals():
        from vits.cli.base_voice import read_base
        from vits.training.finetuning import finetune

        return finetune(voice, data, options, read=read_base, report=print)


def _unabbreviated(word: str) -> str:
    """Return ``--lora`` under the key that it stands for."""
    name, equals, value = word.partition("=")
    return f"--model.training.lora_rank{equals}{value}" if name == LORA else word
