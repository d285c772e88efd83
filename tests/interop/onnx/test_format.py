"""A voice exported as a graph and read back has every weight that the graph holds."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from vits.errors import MissingFileError, VoiceError
from vits.interop.detect_format import detect_format, read
from vits.interop.onnx import format as onnx_format
from vits.interop.original.format import names_for_config
from vits.models.vits import Vits
from vits.synthesis.bundle.description import DESCRIPTION

UNUSED = re.compile(r"posterior_encoder\.|duration_predictor\.(posterior_|flows\.1\.)")


def folded(voice):
    """Return the weights that speaking uses, their weight norm folded."""
    generator = voice.bundle.generator
    copy = Vits(generator.config)
    if not any(n.startswith("posterior_encoder") for n in generator.state_dict()):
        from vits.models.posterior_encoder import leave_out_posterior

        leave_out_posterior(copy)
    copy.load_state_dict(generator.state_dict())
    copy.fold_weight_norm()
    return {n: v for n, v in copy.state_dict().items() if not UNUSED.match(n)}


def same(one, other, *, except_for=()):
    mine, theirs = folded(one), folded(other)
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        if name not in except_for:
            assert torch.equal(value, theirs[name]), name


@pytest.mark.parametrize("to", ["piper", "onnx", "sherpa"])
def test_every_weight_of_our_exports_comes_back_bit_for_bit(exported, to):
    voice, folder = exported(to)
    found = read(folder)
    same(voice, found)
    assert found.format == "onnx"
    mine, theirs = voice.bundle, found.bundle
    assert theirs.generator.config == mine.generator.config
    assert theirs.frontend.to_dict() == mine.frontend.to_dict()
    assert (theirs.speakers, theirs.settings) == (mine.speakers, mine.settings)
    assert theirs.card == mine.card


def test_what_speaking_does_not_use_is_the_same_in_every_reading(exported):
    _, folder = exported("piper")
    one, other = (read(folder).bundle.generator.state_dict() for _ in range(2))
    assert not any(name.startswith("posterior_encoder") for name in one)
    assert "duration_predictor.flows.1.projection.weight" in one
    for name, value in one.items():
        assert torch.equal(value, other[name])


def test_reading_leaves_the_random_state_alone(exported):
    _, folder = exported("piper")
    before = torch.get_rng_state()
    read(folder)
    assert torch.equal(before, torch.get_rng_state())


def as_piper_writes(voice):
    """Rename a graph's tensors as Piper's exporter does, and drop what it drops."""
    import onnx
    from onnx import numpy_helper

    table = names_for_config(voice.bundle.generator.config)
    constants = {"m": "", "n": 0}

    def change(model):
        del model.metadata_props[:]
        model.producer_name = "pytorch"
        graph, renamed = model.graph, {}
        for node in list(graph.node):
            name = node.input[0] if node.op_type == "Neg" else ""
            if name.endswith("log_scale"):  # its exponential is folded
                constants["m"] = node.output[0]
                scale = next(i for i in graph.initializer if i.name == name)
                constants["value"] = np.exp(-numpy_helper.to_array(scale))
                graph.node.remove(node)
                graph.initializer.remove(scale)
        for node in list(graph.node):
            if node.op_type == "Exp" and node.input[0] == constants["m"]:
                graph.initializer.append(
                    numpy_helper.from_array(constants["value"], node.output[0])
                )
                graph.node.remove(node)
        for tensor in graph.initializer:
            ours = tensor.name.removeprefix("core.model.")
            if ours == tensor.name:
                continue
            (theirs,) = table.to_theirs({ours: torch.empty(0, 1, 1)})
            if ".enc." in theirs and theirs.endswith(".weight"):
                theirs = f"onnx::Conv_{8000 + len(renamed)}"
            if theirs == "enc_p.emb.weight":
                theirs = "onnx::Gather_7"
            if theirs == "emb_g.weight":
                theirs = "onnx::Gather_9"
            renamed[tensor.name] = theirs
            tensor.name = theirs
        for node in graph.node:
            for place, name in enumerate(node.input):
                node.input[place] = renamed.get(name, name)
        onnx.checker.check_model(model)

    return change


def test_a_graph_with_pipers_names_is_read_by_its_structure(exported, edited):
    voice, _ = exported("piper")
    path = edited(as_piper_writes(voice), described=False)
    found = read(path)
    log_scale = "duration_predictor.flows.0.log_scale"
    same(voice, found, except_for=(log_scale,))
    mine, theirs = folded(voice)[log_scale], folded(found)[log_scale]
    # rounding of exp and of its result: half a unit in the last place each
    assert (mine - theirs).abs().max() <= 2.0**-23 * (2 + mine.abs().max())
    assert found.bundle.speakers == voice.bundle.speakers
    assert found.bundle.frontend.encode("Hello.").ids == voice.bundle.frontend.encode("Hello.").ids


def test_an_export_of_an_earlier_version_is_read_by_its_tensors(exported, tmp_path):
    import onnx

    voice, folder = exported("onnx")
    copy = shutil.copytree(folder, tmp_path / "old")
    model = onnx.load(copy / "model.onnx")
    kept = [entry for entry in model.metadata_props if entry.key != DESCRIPTION]
    assert len(kept) == len(model.metadata_props) - 1
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, copy / "model.onnx")
    found = read(copy)
    same(voice, found)
    assert found.bundle.card == voice.bundle.card


def test_sherpas_files_are_enough(exported, tmp_path):
    import onnx

    voice, folder = exported("sherpa")
    copy = shutil.copytree(folder, tmp_path / "old")
    model = onnx.load(copy / "model.onnx")
    values = {p.key: p.value for p in model.metadata_props if p.key != DESCRIPTION}
    del model.metadata_props[:]
    for key, value in (values | {"add_blank": "1"}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, copy / "model.onnx")
    found = read(copy)
    same(voice, found)
    text = "goedemorgen, allemaal."
    assert found.bundle.frontend.encode(text).ids == voice.bundle.frontend.encode(text).ids


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_small_weights_are_those_that_the_graph_computes_with(exported, tmp_path, precision):
    import onnx

    from vits.export.quantization import quantize

    voice, folder = exported("onnx")
    copy = shutil.copytree(folder, tmp_path / "small")
    model = onnx.load(copy / "model.onnx")
    quantize(model, precision)
    onnx.save(model, copy / "model.onnx")
    mine, theirs = folded(voice), folded(read(copy))
    assert mine.keys() == theirs.keys()
    share = 2.0**-11 if precision == "fp16" else 0.5 / 127
    for name, value in mine.items():
        assert (value - theirs[name]).abs().max() <= share * value.abs().max() * 1.01, name
    assert any(not torch.equal(value, theirs[name]) for name, value in mine.items())


def test_the_voice_is_written_and_read_in_float32(exported, tmp_path):
    from vits.interop.convert import write

    found = read(exported("piper")[1])
    write(found, tmp_path / "voice", "vits")
    again = read(tmp_path / "voice")
    for name, value in found.bundle.generator.state_dict().items():
        assert torch.equal(value, again.bundle.generator.state_dict()[name]), name


def test_a_folder_with_several_graphs_names_them(exported, tmp_path):
    _, folder = exported("piper")
    (graph,) = folder.glob("*.onnx")
    for name in ("one", "two"):
        shutil.copy(graph, tmp_path / f"{name}.onnx")
    with pytest.raises(VoiceError, match=r"has 2 graphs; name one, e\.g\. .*one\.onnx"):
        read(tmp_path)


def test_a_graph_without_its_settings_says_what_is_missing(edited):
    path = edited(lambda model: None)
    path.with_name("voice.onnx.json").unlink()
    with pytest.raises(MissingFileError, match=r"voice\.onnx\.json does not exist; put the voice"):
        read(path)


@pytest.mark.parametrize("described", [True, False])
def test_settings_that_contradict_the_graph_are_refused(edited, described):
    path = edited(lambda model: None, described=described)
    settings = path.with_name("voice.onnx.json")
    values = json.loads(settings.read_text())
    settings.write_text(json.dumps(values | {"num_speakers": 5}))
    with pytest.raises(VoiceError, match="num_speakers is 5, but the tensors say 2"):
        read(path)


def test_speaking_settings_that_somebody_edited_count(edited):
    path = edited(lambda model: None)
    settings = path.with_name("voice.onnx.json")
    values = json.loads(settings.read_text())
    before = read(path).bundle.settings
    values["inference"]["length_scale"] = 1.5
    settings.write_text(json.dumps(values))
    assert read(path).bundle.settings == replace(before, length_scale=1.5)


def test_a_graph_is_not_a_format_to_write(exported):
    assert detect_format(exported("piper")[1]).title == "onnx"
    with pytest.raises(VoiceError, match="vits export VOICE"):
        onnx_format.FORMAT.unsupported_parts(exported("piper")[0])
