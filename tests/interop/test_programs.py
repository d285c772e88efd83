"""Coqui's and Piper's own code makes voices that we read, and speaks voices that we wrote.

They are run by interpreters of their own, for their packages do not go together with ours:
``VITS_COQUI_PYTHON`` names one with ``coqui-tts``, ``VITS_PIPER_PYTHON`` one with ``piper-tts`` and
the ``lightning`` and ``librosa`` that its training needs. Where one is not named, its tests are
skipped.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from vits.config import FrontendConfig
from vits.interop import convert
from vits.interop.detect_format import read
from vits.text import Frontend, SymbolTable

HERE = Path(__file__).parent / "programs"
SEED = 20210611
TOLERANCE = 1e-5  # of two orders of summation; what was seen is below 5e-7
AUDIO = {"sample_rate": 16000, "hop_length": 32}
SIZES = {
    "resblock_kernel_sizes_decoder": [3, 5],
    "resblock_dilation_sizes_decoder": [[1, 3, 5], [1, 3, 5]],
    "upsample_rates_decoder": [8, 4],
    "upsample_kernel_sizes_decoder": [16, 8],
    "upsample_initial_channel_decoder": 16,
    "out_channels": 65,
    "hidden_channels": 16,
    "hidden_channels_ffn_text_encoder": 20,
    "num_layers_text_encoder": 2,
}
SEVERAL = {
    "use_speaker_embedding": True,
    "speaker_embedding_channels": 6,
    "use_sdp": False,
    "resblock_type_decoder": "2",
    "resblock_dilation_sizes_decoder": [[1, 2], [2, 6]],
    "init_discriminator": False,
}
LETTERS = {"pad": "_", "characters": "zyxabcdefghijklmnopqrstuvw", "punctuations": "!,.? "}
CHARACTERS = {
    "VitsCharacters": {
        **LETTERS,
        "characters_class": "TTS.tts.models.vits.VitsCharacters",
        "phonemes": "əʊ",
    },
    "Graphemes": {
        **LETTERS,
        "characters_class": "TTS.tts.utils.text.characters.Graphemes",
        "eos": "<EOS>",
        "bos": "<BOS>",
        "blank": "<BLNK>",
        "phonemes": "əʊ",
    },
    "IPAPhonemes": {
        **LETTERS,
        "characters_class": "TTS.tts.utils.text.characters.IPAPhonemes",
        "eos": "<EOS>",
        "bos": "<BOS>",
        "blank": "<BLNK>",
        "phonemes": "abcdefghijklmnopqrstuvwxyz",
    },
}
TEXTS = ["hello, world. what? yes!", "the quick brown fox jumps over the lazy dog."]
ROWS = ("_", "^", "$", " ", "!", "'", "(", ")", ",", "-", ".", *"abcdefhijklmnopqrstuvwxyzəɛɜʊˈˌː")
PIPER = {
    "resblock_kernel_sizes": [3, 5],
    "resblock_dilation_sizes": [[1, 2], [2, 6]],
    "upsample_rates": [8, 4],
    "upsample_kernel_sizes": [16, 8],
    "upsample_initial_channel": 16,
    "filter_length": 128,
    "win_length": 128,
    "hop_length": 32,
    "mel_channels": 10,
    "sample_rate": 16000,
    "inter_channels": 16,
    "hidden_channels": 16,
    "filter_channels": 20,
    "n_layers": 2,
    "segment_size": 1024,
}


def program(name, tmp_path):
    """Return what runs a script of ``programs`` in the interpreter that a variable names."""
    variable = f"VITS_{name.upper()}_PYTHON"
    interpreter = os.environ.get(variable)
    if not interpreter:
        pytest.skip(f"{variable} names no Python that has {name}")

    def run(action, folder, request):
        asked = tmp_path / f"{action}.json"
        asked.write_text(json.dumps(request))
        command = [interpreter, str(HERE / f"in_{name}.py"), action, str(folder), str(asked)]
        kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(command, capture_output=True, text=True, env=kept, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        answer = folder / "answer.json"
        return json.loads(answer.read_text()) if answer.is_file() else None

    return run


@pytest.fixture
def coqui(tmp_path):
    return program("coqui", tmp_path)


@pytest.fixture
def piper(tmp_path):
    return program("piper", tmp_path)


def speak(bundle, ids, speaker, language=None):
    """Speak with the noise that their code draws after the same seed."""
    generator, inference = bundle.generator.eval(), bundle.settings
    options = {
        "noise_scale": inference.noise_scale,
        "noise_scale_duration": inference.noise_scale_duration,
        "length_scale": inference.length_scale,
    }
    arguments = (
        torch.tensor([ids]),
        torch.tensor([len(ids)]),
        None if speaker is None else torch.tensor([speaker]),
        None if language is None else torch.tensor([language]),
    )
    torch.manual_seed(SEED)
    if generator.config.duration_predictor.kind == "stochastic":
        options["duration_noise"] = torch.randn(1, 2, len(ids))
    state = torch.get_rng_state()
    n_frames = int(generator.infer(*arguments, **options).durations.sum())
    torch.set_rng_state(state)
    # theirs is drawn like a transposed tensor, in the order of its memory
    noise = torch.randn_like(torch.empty(1, n_frames, generator.config.latent_channels).mT)
    spoken = generator.infer(*arguments, **options, noise=noise)
    return spoken.wave[0, 0].numpy(), spoken.durations.flatten().int().tolist()


def require_same_speech(bundle, jobs, folder, answer):
    """Require the durations and samples that their code made of the same ids and noise."""
    for number, job in enumerate(jobs):
        wave, durations = speak(bundle, job["ids"], job["speaker"], job.get("language"))
        expected = np.load(folder / f"wave_{number}.npy")
        assert durations == answer["durations"][number]
        assert wave.shape == expected.shape
        assert np.abs(expected).max() > 1e-2
        difference = np.abs(wave - expected).max()
        assert difference < TOLERANCE


def jobs_for(bundle, texts):
    ids = [list(bundle.frontend.encode(text).ids) for text in texts]
    n = bundle.generator.config.n_speakers
    return [
        {"ids": each, "speaker": s} for each in ids for s in ((None,) if n == 1 else (0, n - 1))
    ]


@pytest.mark.parametrize(
    ("characters", "several"),
    [("VitsCharacters", False), ("Graphemes", True), ("IPAPhonemes", False)],
)
def test_we_read_what_coqui_made(coqui, tmp_path, characters, several):
    folder = tmp_path / "theirs"
    request = {
        "model_args": {**SIZES, **(SEVERAL if several else {"init_discriminator": False})},
        "audio": {**AUDIO, "fft_size": 128, "win_length": 128, "num_mels": 10},
        "characters": CHARACTERS[characters],
        "settings": {"text_cleaner": "basic_cleaners", "use_phonemes": False},
    }
    if several:
        request["settings"]["speakers"] = ["ada", "bert", "cora"]
    coqui("make", folder, request)
    convert.write(read(folder), tmp_path / "ours", "vits")
    bundle = read(tmp_path / "ours").bundle
    assert bundle.speakers == (("ada", "bert", "cora") if several else ())
    jobs = jobs_for(bundle, TEXTS)
    inference = bundle.settings
    scales = {
        "inference_noise_scale": inference.noise_scale,
        "inference_noise_scale_dp": inference.noise_scale_duration,
        "length_scale": inference.length_scale,
    }
    answer = coqui("speak", folder, {"seed": SEED, "texts": TEXTS, "ids": jobs, "scales": scales})
    assert answer["texts"] == {text: list(bundle.frontend.encode(text).ids) for text in TEXTS}
    require_same_speech(bundle, jobs, folder, answer)


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
@pytest.mark.parametrize("n_speakers", [1, 3])
def test_coqui_speaks_what_we_wrote(coqui, make_voice, tmp_path, kind, n_speakers):
    table = SymbolTable(("_", *"abcdefghijklmnopqrstuvwxyz !,.?"))
    frontend = Frontend(FrontendConfig(backend="graphemes", normalize=False), table)
    width = 192 if kind == "stochastic" else None
    voice = make_voice(n_speakers, kind, frontend=frontend, duration_channels=width)
    folder = convert.write(voice, tmp_path / "theirs", "coqui")
    # their rows are in another order: what they are given must be what their tokenizer makes
    theirs = coqui("speak", folder, {"seed": SEED, "texts": TEXTS})["texts"]
    ours = [list(voice.bundle.frontend.encode(text).ids) for text in TEXTS]
    there = [theirs[text] for text in TEXTS]
    speakers = (None,) if n_speakers == 1 else (0, n_speakers - 1)
    asked = [{"ids": each, "speaker": s} for each in there for s in speakers]
    answer = coqui("speak", folder, {"seed": SEED, "ids": asked})
    assert list(answer["speakers"]) == list(voice.bundle.speakers)
    jobs = [{"ids": each, "speaker": s} for each in ours for s in speakers]
    require_same_speech(voice.bundle, jobs, folder, answer)


LANGUAGES = ("en", "fr-fr", "pt-br")


def languages_for(jobs):
    """Have each of the jobs done in the first and the last language."""
    return [{**job, "language": row} for job in jobs for row in (0, len(LANGUAGES) - 1)]


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
def test_we_read_the_languages_that_coqui_made(coqui, tmp_path, kind):
    folder = tmp_path / "theirs"
    stochastic = {"use_sdp": kind == "stochastic", "use_language_embedding": True}
    request = {
        "model_args": {**SIZES, **SEVERAL, **stochastic, "embedded_language_dim": 6},
        "audio": {**AUDIO, "fft_size": 128, "win_length": 128, "num_mels": 10},
        "characters": CHARACTERS["VitsCharacters"],
        "settings": {
            "text_cleaner": "multilingual_cleaners",
            "use_phonemes": False,
            "speakers": ["ada", "bert", "cora"],
            "languages": list(LANGUAGES),
        },
    }
    coqui("make", folder, request)
    convert.write(read(folder), tmp_path / "ours", "vits")
    bundle = read(tmp_path / "ours").bundle
    assert [name for name, _ in bundle.frontend.config.languages] == list(LANGUAGES)
    jobs = languages_for(jobs_for(bundle, TEXTS))
    inference = bundle.settings
    scales = {
        "inference_noise_scale": inference.noise_scale,
        "inference_noise_scale_dp": inference.noise_scale_duration,
        "length_scale": inference.length_scale,
    }
    asked = {"seed": SEED, "texts": TEXTS, "ids": jobs, "scales": scales, "language": "fr-fr"}
    answer = coqui("speak", folder, asked)
    assert answer["texts"] == {text: list(bundle.frontend.encode(text).ids) for text in TEXTS}
    require_same_speech(bundle, jobs, folder, answer)
    waves = [np.load(folder / f"wave_{number}.npy") for number in (0, 1)]
    assert waves[0].shape != waves[1].shape or np.abs(waves[0] - waves[1]).max() > 1e-2


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
def test_coqui_speaks_the_languages_we_wrote(coqui, make_voice, tmp_path, kind):
    table = SymbolTable(("_", *"abcdefghijklmnopqrstuvwxyz !,.?"))
    frontend = Frontend(FrontendConfig(backend="graphemes", normalize=False), table)
    voice = make_voice(
        3,
        kind,
        frontend=frontend,
        duration_channels=192 if kind == "stochastic" else None,
        languages=tuple((name, name) for name in LANGUAGES),
    )
    folder = convert.write(voice, tmp_path / "theirs", "coqui")
    theirs = coqui("speak", folder, {"seed": SEED, "texts": TEXTS, "language": "en"})["texts"]
    ours = [list(voice.bundle.frontend.encode(text).ids) for text in TEXTS]
    asked = languages_for([{"ids": theirs[text], "speaker": s} for text in TEXTS for s in (0, 2)])
    answer = coqui("speak", folder, {"seed": SEED, "ids": asked})
    assert answer["languages"] == {name: row for row, name in enumerate(LANGUAGES)}
    jobs = languages_for([{"ids": each, "speaker": s} for each in ours for s in (0, 2)])
    require_same_speech(voice.bundle, jobs, folder, answer)


def piper_settings(n_speakers):
    named = {f"speaker {i}": i for i in range(n_speakers)} if n_speakers > 1 else {}
    return {
        "audio": {"sample_rate": 16000, "quality": "medium"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {symbol: [row] for row, symbol in enumerate(ROWS)},
        "num_symbols": 256,
        "num_speakers": n_speakers,
        "speaker_id_map": named,
    }


def ask_piper(piper, folder, bundle):
    """Have them speak the phonemes of a text, and require their ids and their wave of ours."""
    encoded = [bundle.frontend.encode(text) for text in ("Hello, world.", "Well.")]
    n = bundle.generator.config.n_speakers
    speakers = (None,) if n == 1 else (0, n - 1)
    jobs = [{"ids": list(each.ids), "speaker": s} for each in encoded for s in speakers]
    inference = bundle.settings
    scales = [inference.noise_scale, inference.length_scale, inference.noise_scale_duration]
    phonemes = [list(each.phonemes) for each in encoded]
    asked = {"seed": SEED, "phonemes": phonemes, "ids": jobs, "scales": scales}
    answer = piper("speak", folder, asked)
    assert answer["ids"] == [list(each.ids) for each in encoded]
    require_same_speech(bundle, jobs, folder, answer)


@pytest.mark.parametrize("n_speakers", [1, 3])
def test_we_read_what_piper_made(piper, tmp_path, n_speakers):
    folder = tmp_path / "theirs"
    more = {"num_speakers": 3, "gin_channels": 6, "use_sdp": False} if n_speakers == 3 else {}
    piper("make", folder, {"model": {**PIPER, **more}, "settings": piper_settings(n_speakers)})
    voice = read(folder)
    assert voice.discriminators is not None
    ask_piper(piper, folder, voice.bundle)


@pytest.mark.parametrize("n_speakers", [1, 3])
def test_piper_loads_what_we_wrote(piper, make_voice, tmp_path, n_speakers):
    from vits.config import DiscriminatorConfig
    from vits.interop.full_voice import FullVoice
    from vits.models.discriminators import Discriminators

    frontend = Frontend(FrontendConfig(normalize=False, bos_eos=True), SymbolTable(ROWS))
    voice = make_voice(n_speakers, frontend=frontend, n_symbols=256)
    discriminators = Discriminators(**vars(DiscriminatorConfig())).state_dict()
    whole = FullVoice(format="vits", bundle=voice.bundle, discriminators=discriminators)
    folder = convert.write(whole, tmp_path / "theirs", "piper")
    ask_piper(piper, folder, voice.bundle)
