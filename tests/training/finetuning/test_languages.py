"""A voice of several languages: trained on rows of each, and further on in one of them."""

from dataclasses import replace

import pytest
import torch

from vits.cli.base_voice import read_base
from vits.config import VitsConfig
from vits.data.prepared.batch import collate
from vits.data.prepared.dataset import PreparedDataset
from vits.errors import ConfigError
from vits.models import Discriminators, Vits
from vits.synthesis import bundle_checkpoint, read_voice
from vits.training.dataset_info import DatasetInfo
from vits.training.finetuning import FinetuneDataModule
from vits.training.finetuning.weights import start_from


@pytest.fixture(scope="session")
def klingon(tmp_path_factory, config, make_data):
    """Recordings in one of the voice's languages."""
    folder = tmp_path_factory.mktemp("klingon")
    return make_data(folder, config.audio, "abcdefghx", ("",), languages=("tlh",))


def rows_of(bundle):
    return bundle.generator.state_dict()["language_embedding.weight"]


def test_each_row_has_its_language(polyglot):
    data = PreparedDataset(polyglot.voice.parent / "corpus" / "data")
    said = [data.row(i)["language"] for i in range(len(data))]
    assert set(said) == {"tlh", "en"}
    names = [name for name, _ in read_voice(polyglot.voice).frontend.config.languages]
    batch = collate([data[i] for i in range(len(data))], 64)
    assert [names[row] for row in batch.languages.tolist()] == said
    part = data.select([1, 0])
    assert [part[0].language, part[1].language] == batch.languages[[1, 0]].tolist()


def test_the_data_says_how_many_there_are(polyglot, config):
    corpus = DatasetInfo.of(PreparedDataset(polyglot.voice.parent / "corpus" / "data"))
    assert corpus.fit_model(config).n_languages == 3
    with pytest.raises(ConfigError, match="n_languages 2 must equal the prepared data's 3"):
        corpus.fit_model(replace(config, n_languages=2))


def test_going_on_in_one_language_keeps_the_other_rows(polyglot, klingon, tune, tuned):
    now = "--model.training.adversarial.warmup_steps", "0"
    status, _, error = tune(polyglot.voice, klingon, *now)
    assert status == 0, error
    before = rows_of(read_voice(polyglot.voice))
    after = rows_of(bundle_checkpoint(tuned, average=False))
    moved = (after - before).abs().sum(1)
    assert moved[2] > 10 * moved[:2].max()  # the decay of weights touches all rows
    names = [name for name, _ in bundle_checkpoint(tuned).frontend.config.languages]
    assert names == ["en", "eo", "tlh"]


@pytest.mark.parametrize(("voice", "data"), [("polyglot", "unnamed"), ("solo", "klingon")])
def test_languages_must_be_the_voices(request, tune, voice, data):
    base, corpus = request.getfixturevalue(voice), request.getfixturevalue(data)
    status, _, error = tune(base.voice, corpus)
    assert status == 2
    assert "must be those of the voice" in error
    assert "no choice" in error
    assert "--like" in error


def test_the_kept_rows_are_the_voices_bit_for_bit(polyglot, klingon):
    base = read_base(str(polyglot.voice))
    datamodule = FinetuneDataModule(str(klingon), n_validation=0, max_frames=600, workers=0)
    vocabulary = datamodule.adopt(base)
    config = datamodule.dataset_info.fit_model(
        replace(base.config, n_symbols=VitsConfig().n_symbols)
    )
    model = Vits(config)
    start_from(base, vocabulary, model, Discriminators(**vars(config.discriminator)))
    assert torch.equal(model.language_embedding.weight, rows_of(read_voice(polyglot.voice)))
