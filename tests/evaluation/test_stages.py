"""The stages from a recording to a voice: each takes one thing less from the recording."""

import types

import numpy as np
import pytest
import torch

from vits.audio.spectrogram import Spectrogram
from vits.cli import main
from vits.config import PitchConfig
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_durations import write_durations
from vits.errors import DataError
from vits.evaluation.stages import Stages
from vits.models.posterior_encoder import leave_out_posterior
from vits.synthesis import Voice, write_voice

pytestmark = pytest.mark.filterwarnings(
    "ignore::vits.synthesis.FrontendMismatchWarning"
)  # the data name no front end
SMALL = PitchConfig(channels=8, inner_channels=8, n_layers=1)


@pytest.fixture
def data(write_tones, tmp_path):
    return PreparedDataset(write_tones(tmp_path / "tones", 3))


@pytest.fixture
def make_stages(data, make_bundle):
    def make(dataset=data, **changes):
        voice = Voice(make_bundle(data, **changes), precision="plain")
        return Stages(voice, make_bundle(data, **changes), dataset, seed=4)

    return make


class Pitched:
    """A prepared folder with a constant pitch, which the tones are too high for."""

    def __init__(self, data, hz=200.0):
        self._data, self.hz, self.pitched = data, hz, True

    def __getattr__(self, name):
        return getattr(self._data, name)

    def __getitem__(self, index):
        utterance = self._data[index]
        frames = len(utterance.wave) // self._data.audio.hop_length
        pitch = torch.stack([torch.full((frames,), np.log(self.hz)), torch.ones(frames)])
        return utterance._replace(pitch=pitch)


def test_a_full_voice_has_a_stage_for_each_box(make_stages, data):
    stages = make_stages()
    assert stages.names == ("copy", "text", "durations", "mean")
    recording = len(data[1].wave) // data.audio.hop_length * data.audio.hop_length
    for name in ("copy", "text"):  # as long as the recording
        speech, seconds = stages.speak(name, 1)
        assert (len(speech.samples), speech.sample_rate) == (recording, data.audio.sample_rate)
        assert seconds > 0


def test_the_last_stages_are_the_voice_itself(make_stages, make_bundle, data):
    stages, voice = make_stages(), Voice(make_bundle(data), precision="plain")
    text = data.row(2)["text"]
    for name, options in (("durations", {}), ("mean", {"noise_scale": 0.0})):
        np.testing.assert_array_equal(
            stages.speak(name, 2)[0].samples, voice(text, seed=6, **options).samples
        )


def test_copies_do_not_depend_on_text_or_seed(make_stages, data, make_bundle):
    stages = make_stages()
    model = make_bundle(data).generator.eval()
    lengths = torch.tensor([len(data[0].wave)])

    with torch.inference_mode():
        spectrogram = Spectrogram(data.audio)(data[0].wave[None, None], lengths)
        posterior = model.posterior_encoder(spectrogram, lengths // data.audio.hop_length, None)
        expected = model.decoder(posterior.distribution.mean * posterior.mask, None)
    torch.testing.assert_close(
        torch.from_numpy(stages.speak("copy", 0)[0].samples), expected[0, 0], atol=1e-6, rtol=1e-5
    )


def test_pitch_is_a_stage_of_its_own(make_stages, data):
    low, high = (make_stages(Pitched(data, hz), pitch=SMALL) for hz in (100.0, 200.0))
    assert low.names == ("copy", "text", "pitch", "durations", "mean")
    for stages in (low, high):  # layers of the pitch start with weights of 0
        for parameter in stages._aligner.model.decoder.parameters():
            parameter.add_(0.1)
    pairs = {name: [s.speak(name, 0)[0].samples for s in (low, high)] for name in low.names[:3]}
    for name in ("copy", "text"):  # they take the recording's pitch
        assert not np.array_equal(*pairs[name])
    np.testing.assert_array_equal(*pairs["pitch"])


def test_a_compact_voice_takes_the_durations_of_the_data(make_bundle, data):
    def compact():
        bundle = make_bundle(data)
        leave_out_posterior(bundle.generator)
        return bundle

    with pytest.raises(DataError, match=r"has no durations.*vits align"):
        Stages(Voice(compact()), compact(), data)
    frames = [len(u.wave) // data.audio.hop_length for u in data]
    counts = [len(u.ids) for u in data]
    write_durations(
        data, [[n - s + 1, *[1] * (s - 1)] for n, s in zip(frames, counts, strict=True)]
    )
    stages = Stages(Voice(compact()), compact(), PreparedDataset(data.folder))
    assert stages.names == ("text", "durations", "mean")


def test_a_folder_without_pitch_is_refused(make_stages):
    with pytest.raises(DataError, match=r"has no pitch.*--pitch"):
        make_stages(pitch=SMALL)


def test_a_folder_without_speaker_vectors_is_refused(make_bundle, data):
    config = types.SimpleNamespace(speaker_vectors=object(), pitch=None)
    bundle = types.SimpleNamespace(generator=make_bundle(data).generator)
    bundle.generator.config = config
    with pytest.raises(DataError, match=r"has no speaker vectors.*--speaker-vectors"):
        Stages(None, bundle, data)


def test_the_command_prints_a_column_for_each_stage(
    make_bundle, data, tmp_path, capsys, steady_pitch
):
    folder = write_voice(tmp_path / "toy", make_bundle(data))
    command = ["evaluate", str(folder), str(data.folder), "--stages", "--recogniser", "none"]
    assert main([*command, "--naturalness", "none", "--limit", "2"]) == 0
    out = capsys.readouterr().out
    assert out.partition("\n")[0].split() == ["recordings", "copy", "text", "durations", "mean"]
    assert "best:" not in out
