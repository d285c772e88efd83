"""Bringing data and voice together: rows by name, and what must agree."""

import dataclasses
import json
import shutil

import pytest
import torch

from vits.cli.base_voice import read_base
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import ConfigError, DataError
from vits.text import SymbolTable
from vits.training.finetuning.summary import describe
from vits.training.finetuning.vocabulary import extend_vocabulary, require_same_kind


@pytest.fixture(scope="module")
def base(duo):
    return read_base(str(duo.voice))


def changed(data, tmp_path, change):
    """Copy prepared data and change its description."""
    folder = tmp_path / "changed"
    shutil.copytree(data, folder)
    info = json.loads((folder / "dataset.json").read_text())
    change(info)
    (folder / "dataset.json").write_text(json.dumps(info))
    return PreparedDataset(folder)


def test_every_utterance_keeps_its_symbols_and_speaker(base, more):
    before = PreparedDataset(more)
    vocabulary = extend_vocabulary(base, before)
    after = vocabulary.apply(before)
    assert after.speakers == ["anna", "bert", "carla", "dora"]
    assert after.symbols[:9] == list(base.frontend.symbols.symbols)
    for old, new in zip(before, after, strict=True):
        assert torch.equal(old.wave, new.wave)
        assert [before.symbols[i] for i in old.ids] == [after.symbols[i] for i in new.ids]
        assert before.speakers[old.speaker] == after.speakers[new.speaker]
    assert any(new.ids.max() > 8 for new in after)


def test_the_fingerprint_is_that_of_the_grown_table(base, more):
    from vits.text import Frontend

    info = extend_vocabulary(base, PreparedDataset(more)).info
    assert info["fingerprint"] == Frontend.from_dict(info["frontend"]).fingerprint()


def test_rows_follow_names_not_places(base, tmp_path, config, make_data):
    data = PreparedDataset(make_data(tmp_path, config.audio, "hgfedcba", ("bert", "anna")))
    after = extend_vocabulary(base, data).apply(data)
    assert after.symbols == list(base.frontend.symbols.symbols)
    assert [data.symbols[i] for i in data[0].ids] == [after.symbols[i] for i in after[0].ids]
    assert not torch.equal(data[0].ids, after[0].ids)


def test_a_voice_of_several_may_go_on_with_unnamed_data(base, unnamed):
    data = PreparedDataset(unnamed)
    with pytest.raises(ConfigError, match=r"a name that the voice has \(anna, bert\) goes on"):
        extend_vocabulary(base, data)
    after = extend_vocabulary(base, data, speaker="bert").apply(data, "bert")
    assert {utterance.speaker for utterance in after} == {1}
    added = extend_vocabulary(base, data, speaker="carl")
    assert added.speakers.names == ("anna", "bert", "carl")


def test_a_name_for_several_speakers_is_refused(base, more):
    with pytest.raises(ConfigError, match="speaker 'carl' would name 3 speakers"):
        extend_vocabulary(base, PreparedDataset(more), speaker="carl")


def test_a_strange_corpus_is_named(base, more, duo_corpus, tmp_path, config, make_data):
    vocabulary = extend_vocabulary(base, PreparedDataset(duo_corpus))
    with pytest.raises(DataError, match=r"symbols 'x', 'y', 'é' of .* are neither the voice's"):
        vocabulary.apply(PreparedDataset(more))
    other = make_data(tmp_path, config.audio, "abcdefgh", ("zoe", "anna"))
    with pytest.raises(DataError, match="speakers 'zoe' of"):
        vocabulary.apply(PreparedDataset(other))


def test_audio_must_be_the_voices(base, more):
    audio = dataclasses.replace(base.config.audio, sample_rate=16000)
    other = dataclasses.replace(base, config=dataclasses.replace(base.config, audio=audio))
    with pytest.raises(ConfigError, match=r"sample_rate 8000 of .* must equal the 16000 .* --like"):
        require_same_kind(other, PreparedDataset(more))


def test_blanks_must_be_the_voices(base, tmp_path, config, make_data):
    data = make_data(tmp_path, config.audio, "abcdefgh", ("anna",), blanks=False)
    with pytest.raises(ConfigError, match=r"the voice has blanks .* data has none: .* --like"):
        require_same_kind(base, PreparedDataset(data))


def test_damaged_data_is_named(base, more, tmp_path):
    def no_config(info):
        del info["frontend"]["config"]

    with pytest.raises(DataError, match=r"dataset.json: a front end must have exactly the keys"):
        extend_vocabulary(base, changed(more, tmp_path, no_config))


def test_what_differs_is_said(base, more, tmp_path):
    def other(info):
        info["frontend"]["config"]["language"] = "cy"
        info["fingerprint"]["language"] = "cy"
        info["frontend"]["symbols"][-1] = "É"

    data = changed(more, tmp_path, other)
    vocabulary = extend_vocabulary(base, data)
    lines = describe(base, vocabulary, [vocabulary.apply(data)])
    assert "front end: language was en-us, is cy" in lines
    assert "front end: capitals were read as small letters, are read as they are" in lines
    assert not any("front end" in line for line in _plain(base, more))


def test_names_are_shown_so_that_they_can_be_read(base, more):
    many = SymbolTable(("_", *map(chr, range(0x4E00, 0x4E00 + 30)), " ", "\u0303"))
    frontend = base.frontend.__class__(base.frontend.config, many)
    lines = _plain(dataclasses.replace(base, frontend=frontend), more)
    unused = next(line for line in lines if "do not occur" in line)
    assert unused.startswith("symbols that do not occur in the data: 32: 一, 丁")
    assert unused.endswith("and 12 more")
    assert "U+0020" not in unused
    data = PreparedDataset(more)
    shown = describe(
        base, extend_vocabulary(base, data), [extend_vocabulary(base, data).apply(data)]
    )
    assert shown[0].endswith("which has 2 speakers and 9 symbols")


def _plain(base, more):
    data = PreparedDataset(more)
    vocabulary = extend_vocabulary(base, data)
    return describe(base, vocabulary, [vocabulary.apply(data)])
