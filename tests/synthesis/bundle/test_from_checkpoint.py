import os

import pytest
import torch

from vits.config import to_dict
from vits.errors import CheckpointError, MissingFileError
from vits.synthesis import bundle_checkpoint, find_checkpoint
from vits.synthesis.bundle.from_checkpoint import load_checkpoint


@pytest.fixture
def values(make_bundle):
    bundle = make_bundle(["ada", "bob"])
    state = bundle.generator.state_dict()
    return {
        "state_dict": {f"generator.{name}": value for name, value in state.items()}
        | {"discriminators.0.weight": torch.zeros(1)},
        "global_step": 1234,
        "vits": {
            "format": 1,
            "model": to_dict(bundle.generator.config),
            "training": {},
            "frontend": bundle.frontend.to_dict(),
            "fingerprint": dict(bundle.fingerprint),
            "speakers": list(bundle.speakers),
            "data": {"utterances": 10, "seconds": 20.5, "name": "corpus"},
            "ema": {
                name: value.detach() * 0.5 for name, value in bundle.generator.named_parameters()
            },
        },
    }


@pytest.fixture
def save(tmp_path):
    def save(values, name="last.ckpt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(values, path)
        return path

    return save


@pytest.mark.slow
def test_the_voice_has_the_average_and_the_card_says_so(values, save):
    bundle = bundle_checkpoint(save(values), licence="CC0-1.0", origin="us", description="text")
    ema = values["vits"]["ema"]
    assert all(torch.equal(p, ema[name]) for name, p in bundle.generator.named_parameters())
    assert bundle.speakers == ("ada", "bob")
    card = bundle.card
    assert (card.name, card.dataset, card.utterances, card.seconds) == (
        "corpus",
        "corpus",
        10,
        20.5,
    )
    assert (card.licence, card.origin, card.description) == ("CC0-1.0", "us", "text")
    assert (card.training_steps, card.averaged) == (1234, True)
    assert card.vits_version


@pytest.mark.parametrize("ema", ["kept", None, {}])
@pytest.mark.slow
def test_the_last_weights_are_taken_on_demand_or_without_an_average(values, save, ema):
    if ema != "kept":
        values["vits"]["ema"] = ema
    bundle = bundle_checkpoint(save(values), average=ema != "kept", name="Ada")
    state = bundle.generator.state_dict()
    assert all(torch.equal(v, values["state_dict"][f"generator.{n}"]) for n, v in state.items())
    assert not bundle.card.averaged
    assert bundle.card.name == "Ada"


def test_half_precision_weights_become_float32(values, save):
    values["vits"]["ema"] = {n: v.bfloat16() for n, v in values["vits"]["ema"].items()}
    bundle = bundle_checkpoint(save(values))
    assert all(p.dtype == torch.float32 for p in bundle.generator.parameters())


def test_the_newest_checkpoint_of_a_run_is_found(values, save, tmp_path):
    for age, name in enumerate(["a/new.ckpt", "b/deep/old.ckpt", "c/notes.txt"]):
        path = save({}, name)
        os.utime(path, (1000 - age, 1000 - age))
    assert find_checkpoint(tmp_path) == tmp_path / "a" / "new.ckpt"
    assert find_checkpoint(tmp_path / "b" / "deep" / "old.ckpt").name == "old.ckpt"


def test_a_run_without_a_checkpoint_and_no_run_at_all(tmp_path):
    with pytest.raises(CheckpointError, match=r"\.ckpt"):
        find_checkpoint(tmp_path)
    with pytest.raises(MissingFileError, match="nowhere"):
        find_checkpoint(tmp_path / "nowhere")
    with pytest.raises(MissingFileError, match="nowhere"):
        bundle_checkpoint(tmp_path / "nowhere")


@pytest.mark.parametrize("keep", [0.0, 0.001, 0.1, 0.5, 0.9, 0.9999])
def test_a_half_written_checkpoint_is_one_line(values, save, keep):
    path = save(values)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(CheckpointError, match="incomplete") as caught:
        bundle_checkpoint(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_weight_that_is_not_what_was_saved_is_one_line(values, save):
    path = save(values)
    weight = max(values["state_dict"].values(), key=lambda tensor: tensor.numel())
    data = bytearray(path.read_bytes())
    data[data.index(weight.numpy().tobytes()) + 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"damaged.*the checksum of .* is wrong"):
        bundle_checkpoint(path)


@pytest.mark.parametrize("content", [b"\x00" * 1000, b"hello, world\n" * 99, b"PK\x03\x04" * 50])
def test_a_file_that_is_no_checkpoint_is_one_line(tmp_path, content):
    path = tmp_path / "x.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.ckpt") as caught:
        bundle_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_code_in_a_checkpoint_is_not_run(save, tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    with pytest.raises(CheckpointError):
        bundle_checkpoint(save({"vits": Harm()}))
    assert not (tmp_path / "harm").exists()


FAULTS = {
    "no part 'vits'": lambda v: v.pop("vits"),
    "'state_dict'": lambda v: v.pop("state_dict"),
    "'global_step'": lambda v: v.pop("global_step"),
    "'frontend'": lambda v: v["vits"].pop("frontend"),
    "format 9": lambda v: v["vits"].update(format=9),
    "model is of type list": lambda v: v["vits"].update(model=[]),
    "model.wrong": lambda v: v["vits"]["model"].update(wrong=1),
    "data is of type": lambda v: v["vits"].update(data=None),
    "ema must be": lambda v: v["vits"].update(ema=[1]),
    "ema has stranger": lambda v: v["vits"]["ema"].update(stranger=torch.zeros(1)),
    r"generator\.\*": lambda v: v.update(state_dict={"discriminators.x": torch.zeros(1)}),
    "lacks tensor": lambda v: [
        v["state_dict"].pop("generator.text_encoder.embedding.weight"),
        v["vits"]["ema"].pop("text_encoder.embedding.weight"),
    ],
    "NaN": lambda v: v["vits"]["ema"]["text_encoder.embedding.weight"].fill_(float("nan")),
    "1 speakers are named": lambda v: v["vits"].update(speakers=["ada"]),
    "names": lambda v: v["vits"].update(speakers=[1, 2]),
}


@pytest.mark.parametrize("named", FAULTS)
@pytest.mark.slow
def test_a_fault_in_a_checkpoint_is_named(values, save, named):
    FAULTS[named](values)
    path = save(values)
    with pytest.raises(CheckpointError, match=named) as caught:
        bundle_checkpoint(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_that_is_no_mapping(save):
    with pytest.raises(CheckpointError, match="no part 'vits'"):
        bundle_checkpoint(save([1, 2]))


def laughs():
    """A list whose parts are shared: small in the file, a million million long if written."""
    value = ["lol"] * 10
    for _ in range(12):
        value = [value] * 10
    return value


ODD = {
    "text": "lol",
    "none": None,
    "laughs": laughs(),
    "a large number": 10**400,
    "sparse": torch.zeros(3, 3).to_sparse(),
    "complex": torch.zeros(3, dtype=torch.complex64),
    "expanded": torch.zeros(1).expand(1 << 40),
    "of another type": torch.zeros(3, dtype=torch.int64),
    "empty": torch.zeros(0),
}
KEYS = ("model", "frontend", "fingerprint", "speakers", "data", "ema", "format")


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_in_a_checkpoint_are_one_short_line(values, save, little_memory, odd):
    name = "text_encoder.embedding.weight"
    state, block = values["state_dict"], values["vits"]
    damaged = [
        {
            **values,
            "state_dict": {**state, f"generator.{name}": ODD[odd]},
            "vits": {**block, "ema": None},
        },
        {**values, "vits": {**block, "ema": {**block["ema"], name: ODD[odd]}}},
        {**values, "vits": {**block, "ema": {**block["ema"], 7: ODD[odd]}}},
        *({**values, "vits": {**block, key: ODD[odd]}} for key in KEYS if (key, odd) not in FINE),
        *({**values, "vits": {**block, "data": {**block["data"], key: ODD[odd]}}} for key in DATA),
    ]
    path = save(damaged[0])
    for content in (load_checkpoint(path), *damaged[1:]):
        with little_memory(256 << 20), pytest.raises(CheckpointError) as caught:
            bundle_checkpoint(path, values=content)
        assert len(str(caught.value)) < 1500
        assert "\n" not in str(caught.value)


FINE = {("ema", "none"), ("ema", "empty")}
DATA = ("seconds",)
