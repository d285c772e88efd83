import torch

from vits.export.example_inputs import example_inputs


def test_examples_repeat_and_another_trial_has_other_noise(make_voice):
    bundle = make_voice("piper")
    first, again, other = (list(example_inputs(bundle, trial)) for trial in (0, 0, 1))
    assert len({example.ids.shape for example in first}) == len(first) == 3
    for one, same, changed in zip(first, again, other, strict=True):
        assert torch.equal(one.noise, same.noise)
        assert not torch.equal(one.noise, changed.noise)
        assert changed.length_scale > one.length_scale
        assert one.duration_noise.shape == (1, 2, one.ids.shape[1])
    assert [example.speaker for example in first] == [0, 1, 0]


def test_a_voice_without_english_gets_symbols_of_its_table(make_voice):
    import dataclasses

    from vits.text import Frontend, SymbolTable

    bundle = make_voice("letters")
    table = SymbolTable(("_", "б", "г"))
    frontend = Frontend(bundle.frontend.config, table)
    for example in example_inputs(dataclasses.replace(bundle, frontend=frontend)):
        ids = example.ids[0].tolist()
        assert ids[::2] == [0] * len(ids[::2])  # blanks
        assert set(ids[1::2]) == {0, 1, 2}
