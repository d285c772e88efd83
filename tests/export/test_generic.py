import json

import numpy as np
import pytest
import torch

VOICES = ["original", "small", "duo"]


def feed_of(ids, **changes):
    values = {
        "ids": np.array([ids]),
        "id_lengths": np.array([len(ids)]),
        "noise_scale": np.array([0.7], np.float32),
        "length_scale": np.array([1.0], np.float32),
        "noise_scale_duration": np.array([0.6], np.float32),
    }
    return values | changes


@pytest.mark.parametrize("name", [*VOICES, "vits2"])
def test_the_graph_is_the_voice(export, name):
    done = export(name, "onnx")
    assert done.verification.difference <= 1e-4
    assert done.verification.sentences == 7  # the last in chunks
    assert done.verification.graph_factor > 0
    folder = done.graph.parent
    assert done.graph_bytes == sum(path.stat().st_size for path in folder.glob("*.onnx"))


@pytest.mark.parametrize("name", VOICES)
def test_every_length_gives_torchs_wave_from_the_same_noise(export, load, make_voice, speak, name):
    bundle, session = make_voice(name), load(export(name, "onnx").graph)
    rng = np.random.default_rng(1)
    several = {"speakers": np.array([1])} if name == "duo" else {}
    options = {"speakers": torch.tensor([1])} if several else {}
    for length in (1, 2, 30, 71):
        ids = rng.integers(1, 170, length).tolist()
        noise = rng.standard_normal((1, 8, 2000), np.float32)
        duration_noise = rng.standard_normal((1, 2, length), np.float32)
        feed = feed_of(ids, noise=noise, duration_noise=duration_noise, **several)
        wave, durations = session.run(None, feed)
        expected, frames = speak(
            bundle,
            ids,
            noise_scale=0.7,
            noise_scale_duration=0.6,
            noise=torch.from_numpy(noise),
            duration_noise=torch.from_numpy(duration_noise),
            **options,
        )
        assert durations.tolist() == [frames.tolist()]
        assert wave.shape == (1, 1, 32 * frames.sum())
        np.testing.assert_allclose(wave[0, 0], expected, atol=1e-4 * np.abs(expected).max())


def test_a_vector_replaces_the_speaker_row_by_row(export, load, make_voice, speak):
    bundle, session = make_voice("vits2"), load(export("vits2", "onnx").graph)
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["speaker_encoder"] == "resemblyzer"
    assert metadata["speaker_vector_size"] == "5"
    rng = np.random.default_rng(1)
    ids, vectors = rng.integers(1, 170, 30).tolist(), rng.standard_normal((2, 5), np.float32)
    known = bundle.generator.speaker_embedding.vectors
    still = {name: np.zeros(1, np.float32) for name in ("noise_scale", "noise_scale_duration")}
    feed = feed_of(ids, speakers=np.array([1]), **still)
    quiet = {"noise_scale": 0.0, "noise_scale_duration": 0.0}
    for given, row in ((None, known[1]), (vectors[:1], torch.from_numpy(vectors[0]))):
        wave, _ = session.run(None, feed if given is None else feed | {"speaker_vector": given})
        expected, _ = speak(bundle, ids, speakers=row[None], **quiet)
        np.testing.assert_allclose(wave[0, 0], expected, atol=1e-4 * np.abs(expected).max())
    both = {"ids": np.array([ids, ids]), "id_lengths": np.array([30, 30])}
    both |= {"speakers": np.array([0, 0]), "speaker_vector": vectors}
    wave, durations = session.run(None, feed | both)
    with torch.inference_mode():
        spoken = bundle.generator.infer(
            torch.tensor([ids, ids]), torch.tensor([30, 30]), torch.from_numpy(vectors), **quiet
        )
    assert np.array_equal(durations, spoken.durations.numpy())
    assert durations[0].tolist() != durations[1].tolist()
    expected = spoken.wave.numpy()
    np.testing.assert_allclose(wave, expected, atol=1e-4 * np.abs(expected).max())


def test_noise_that_is_not_given_is_drawn(export, load):
    session = load(export("small", "onnx").graph)
    ids = list(range(40, 60))
    given = np.random.default_rng(2).standard_normal((1, 2, 20), np.float32)
    one, two = (session.run(None, feed_of(ids, duration_noise=given)) for _ in range(2))
    assert one[1].tolist() == two[1].tolist()  # the same rhythm
    assert not np.allclose(one[0], two[0])  # another sound
    free = [session.run(None, feed_of(ids))[1].tolist() for _ in range(8)]
    assert any(rhythm != free[0] for rhythm in free)


def test_noise_that_is_too_short_is_completed(export, load):
    session = load(export("small", "onnx").graph)
    ids = list(range(40, 60))
    noise = np.random.default_rng(3).standard_normal((1, 8, 10), np.float32)
    still = {"noise_scale_duration": np.array([0], np.float32)}
    one, two = (session.run(None, feed_of(ids, noise=noise, **still))[0] for _ in range(2))
    assert one.shape == two.shape
    assert not np.allclose(one, two)


def test_a_batch_gives_torchs_batch(export, load, make_voice):
    session, model = load(export("original", "onnx").graph), make_voice("original").generator
    rng = np.random.default_rng(4)
    lengths, noise = np.array([9, 25]), rng.standard_normal((2, 8, 900), np.float32)
    duration_noise = rng.standard_normal((2, 2, 25), np.float32)
    ids = np.zeros((2, 25), np.int64)
    for row, length in enumerate(lengths):
        ids[row, :length] = rng.integers(1, 170, length)
    given = {"noise": noise, "duration_noise": duration_noise}
    feed = feed_of(ids[0], **given) | {"ids": ids, "id_lengths": lengths}
    wave, durations = session.run(None, feed)
    with torch.inference_mode():
        spoken = model.infer(
            torch.from_numpy(ids),
            torch.from_numpy(lengths),
            noise_scale=0.7,
            noise_scale_duration=0.6,
            **{name: torch.from_numpy(value) for name, value in given.items()},
        )
    assert np.array_equal(durations, spoken.durations.numpy())
    expected = spoken.wave.numpy()
    assert wave.shape == expected.shape
    np.testing.assert_allclose(wave, expected, atol=1e-4 * np.abs(expected).max())
    assert not wave[0, :, spoken.wave_lengths[0] :].any()


def test_scales_are_inputs_that_matter(export, load):
    session = load(export("small", "onnx").graph)
    ids, zero = list(range(40, 60)), np.array([0], np.float32)
    still = {"noise_scale": zero, "noise_scale_duration": zero}
    usual = session.run(None, feed_of(ids, **still))
    assert np.array_equal(usual[0], session.run(None, feed_of(ids, **still))[0])
    slow = session.run(None, feed_of(ids, **still, length_scale=np.array([3], np.float32)))
    assert slow[1].sum() > 1.5 * usual[1].sum()
    assert [entry.name for entry in session.get_inputs()] == list(feed_of(ids))
    optional = {entry.name for entry in session.get_overridable_initializers()}
    assert optional == {"noise", "duration_noise"}


def test_speakers_are_an_input_where_there_are_several(export, load):
    session = load(export("duo", "onnx").graph)
    still = {"noise_scale": np.array([0], np.float32)}
    one, two = (
        session.run(None, feed_of([5, 6, 7], **still, speakers=np.array([row])))[0]
        for row in (0, 1)
    )
    assert one.shape != two.shape or not np.allclose(one, two)


def test_the_settings_rebuild_the_front_end(export, make_voice, load):
    from vits.text import Frontend

    done = export("small", "onnx")
    values = json.loads((done.graph.parent / "voice.json").read_text(encoding="utf-8"))
    frontend = Frontend.from_dict(values["frontend"])
    assert frontend.encode("Hello.").ids == make_voice("small").frontend.encode("Hello.").ids
    assert values["hop_length"] == 32
    assert values["inference"]["noise_scale"] == 0.5
    metadata = load(done.graph).get_modelmeta().custom_metadata_map
    assert metadata["sample_rate"] == "16000"
    assert metadata["license"] == "CC0-1.0"
