"""What is printed while a voice is created."""

import io
import sys

from vits.cli.creation.output import Progress, logged


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_rewrites_the_line_of_a_stage():
    stream = Terminal()
    progress = Progress(stream)
    progress.update("train", "step 10000")
    progress.update("train", "step 9")
    progress.finish("train", "done")
    assert stream.getvalue() == ("\rtrain     step 10000\rtrain     step 9    \rtrain     done  \n")


def test_elsewhere_only_results_are_printed():
    stream = io.StringIO()
    progress = Progress(stream)
    progress.update("train", "step 1")
    progress.finish("train", "done")
    assert stream.getvalue() == "train     done\n"


def test_a_log_takes_both_streams_and_keeps_what_it_has(tmp_path, capsys):
    for text in ("one", "two"):
        with logged(tmp_path / "log"):
            sys.stdout.write(f"{text}\n")
            sys.stderr.write("warning\n")
    assert (tmp_path / "log").read_text() == "one\nwarning\ntwo\nwarning\n"
    assert capsys.readouterr() == ("", "")
