"""The laws of preparation, on a small corpus with every fault planted."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vits.audio import files
from vits.config import AudioConfig, FrontendConfig, to_dict
from vits.data.prepare import workers
from vits.data.prepare.checks import Reason
from vits.data.prepare.options import PrepareConfig, RecordingLimits
from vits.data.prepare.pipeline import prepare
from vits.data.prepare.report import Report
from vits.data.prepared.manifest import Row, write_manifest
from vits.errors import DataError
from vits.text.frontend import Frontend
from vits.text.symbols import PAD, SymbolTable

RATE = 8000
AUDIO = AudioConfig(sample_rate=RATE, n_fft=320, win_length=320, hop_length=80, n_mels=20)
LIMITS = RecordingLimits(segment_frames=8, max_seconds=4.0)
CONFIG = PrepareConfig(audio=AUDIO, limits=LIMITS)
OUTPUTS = ("audio.i16", "dataset.json", "manifest.jsonl", "rejected.jsonl", "report.json")
LETTERS = "abcdefghijklmnopqrstuvwxyz .,?"


def frontend(symbols=LETTERS):
    config = FrontendConfig(backend="graphemes", normalize=False)
    return Frontend(config, SymbolTable((PAD, *symbols)))


def voice(seconds, seed=0, rate=RATE):
    noise = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return (0.1 * noise).clip(-0.9, 0.9).astype(np.float32)


def good_rows(folder, n, speakers=("",)):
    random = np.random.default_rng(1)
    folder.mkdir(exist_ok=True)
    rows = []
    for i in range(n):
        text = "".join(random.choice(list(LETTERS[:26]), random.integers(6, 12)))
        seconds = 0.08 * len(text) * random.uniform(0.9, 1.1)
        path = folder / f"good{i}.wav"
        if i % 5:
            soundfile.write(path, voice(seconds, i), RATE)
        else:  # to be mixed and resampled
            wave = voice(seconds, i, 2 * RATE)
            soundfile.write(path, np.stack([wave, 0.8 * wave], axis=1), 2 * RATE)
        rows.append(
            Row(id=f"good{i}", audio=str(path), text=text, speaker=speakers[i % len(speakers)])
        )
    return rows


def bad_rows(folder):
    """One row for each fault, and its reason; empty, and no text, come in two ways."""
    faults = []

    def plant(reason, name, samples=None, text="some words", rate=RATE, subtype=None, **values):
        path = folder / f"{name}.wav"
        if samples is not None:
            soundfile.write(path, samples, rate, subtype=subtype)
        faults.append((Row(**{"id": name, "audio": str(path), "text": text, **values}), reason))
        return path

    fine = voice(0.8)
    plant(Reason.MISSING, "missing")
    plant(Reason.EMPTY, "zero-bytes").touch()
    plant(Reason.EMPTY, "zero-samples", fine[:0])
    path = plant(Reason.TRUNCATED, "truncated", fine)
    path.write_bytes(path.read_bytes()[:-500])
    plant(Reason.UNREADABLE, "unreadable").write_text("404 not found")
    plant(Reason.NOT_FINITE, "nan", np.append(fine, np.nan), subtype="FLOAT")
    plant(Reason.WRONG_RATE, "rate", fine, rate=RATE // 2)
    plant(Reason.CLIPPED, "clipped", (20 * fine).clip(-1, 1))
    plant(Reason.SILENT, "silent", 1e-3 * fine)
    plant(Reason.SILENT, "opposite", np.stack([fine, -fine], axis=1))
    plant(Reason.TOO_SHORT, "short", fine[: 8 * 80 - 1], text="a")
    plant(Reason.TOO_LONG, "long", voice(4.1), text="long " * 8)
    plant(Reason.NO_TEXT, "no-text", fine, text="  ")
    plant(Reason.WRONG_LANGUAGE, "dutch", fine, language="nl")
    plant(Reason.UNKNOWN_SYMBOLS, "unknown", fine, text="a ☃ and ☃")
    plant(Reason.TOO_MANY_SYMBOLS, "dense", fine, text="many words " * 4)
    plant(Reason.DUPLICATE_ID, "again", fine, id="good3")
    plant(Reason.ODD_DURATION, "odd", voice(3.5), text="ab")
    return faults


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    good, bad = good_rows(folder, 40), bad_rows(folder)
    rows = list(good)
    for place, (row, _) in enumerate(bad):
        rows.insert(2 * place + 5, row)
    return rows, {row.audio: reason for row, reason in bad}


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def contents(folder):
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def run(rows, folder, config=CONFIG, **options):
    return prepare(rows, folder, config, frontend(), chunk_rows=8, **options)


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "out"
    return folder, run(corpus[0], folder)


def test_every_fault_is_found_and_named_and_nothing_else(corpus, whole):
    rows, faults = corpus
    folder, outcome = whole
    rejected = lines(folder / "rejected.jsonl")
    assert {row["audio"]: row["reason"] for row in rejected} == {
        audio: reason.value for audio, reason in faults.items()
    }
    assert all(row["detail"] for row in rejected)
    assert set(Reason) == set(faults.values())  # no reason without a planted fault
    report = outcome.report
    assert report.rows == len(rows)
    assert report.kept == 40 == len(lines(folder / "manifest.jsonl"))
    assert report.rejected == Counter(reason.value for reason in faults.values())
    assert list(report.rejected) == [r.value for r in Reason]


def test_details_name_the_values(whole):
    details = {row["id"]: row["detail"] for row in lines(whole[0] / "rejected.jsonl")}
    assert "U+2603" in details["unknown"]
    assert "x2" in details["unknown"]
    assert details["truncated"].startswith("500 bytes fewer")
    assert "good3.wav" in details["good3"]
    assert "4000 Hz" in details["rate"]
    assert "median" in details["odd"]


def test_kept_rows_keep_the_order_and_their_waves(corpus, whole):
    rows, faults = corpus
    folder, _ = whole
    kept = lines(folder / "manifest.jsonl")
    assert [row["id"] for row in kept] == [row.id for row in rows if row.audio not in faults]
    audio = np.fromfile(folder / "audio.i16", dtype="<i2")
    end = 0
    for row in kept:
        assert row["offset"] == end
        end += row["samples"]
        samples, rate = soundfile.read(row["audio"], dtype="int16")
        assert row["samples"] == -(-len(samples) * RATE // rate)
        if rate == RATE:
            assert np.array_equal(audio[row["offset"] : end], samples)
        assert tuple(row["ids"]) == frontend().encode(row["text"]).ids
        assert row["phonemes"] == row["text"]
    assert end == len(audio)


def test_dataset_json_describes_the_folder(whole):
    folder, outcome = whole
    info = json.loads((folder / "dataset.json").read_text())
    assert info["format"] == 1
    assert info["utterances"] == 40
    assert info["samples"] * 2 == (folder / "audio.i16").stat().st_size
    assert info["speakers"] == []
    assert AudioConfig(**info["audio"]) == AUDIO
    assert (
        Frontend.from_dict(info["frontend"]).encode("hello").ids == frontend().encode("hello").ids
    )
    assert info["fingerprint"] == frontend().fingerprint()
    assert outcome.report.hours * 3600 == pytest.approx(info["samples"] / RATE)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*OUTPUTS, "prepare.json"])


def test_the_prepared_folder_feeds_the_dataset(whole):
    from vits.data.prepared.dataset import PreparedDataset

    data = PreparedDataset(whole[0])
    assert len(data) == 40
    assert data[7].ids.tolist() == list(frontend().encode(data.row(7)["text"]).ids)
    assert data[7].wave.abs().max() > 0.1


@pytest.mark.parametrize("n", [1, 2, 3])
def test_shards_merge_to_the_same_bytes(corpus, whole, tmp_path, n):
    rows, _ = corpus
    for i in range(n, 0, -1):
        outcome = run(rows, tmp_path, shard=(i, n))
        assert (outcome.report is None) == (i > 1)
        assert (outcome.missing > 0) == (i > 1)
    assert contents(tmp_path) == contents(whole[0])


def test_shards_of_different_folders_merge_to_the_same_bytes(corpus, whole, tmp_path):
    rows, _ = corpus
    for i in (1, 2):
        run(rows, tmp_path / str(i), shard=(i, 2))
    with pytest.raises(DataError, match="4 of 8 chunks are missing"):
        run(rows, tmp_path / "1", merge=True)
    for path in (tmp_path / "2/chunks").iterdir():
        path.rename(tmp_path / "1/chunks" / path.name)
    outcome = run(rows, tmp_path / "1", merge=True)
    assert outcome.report == whole[1].report
    assert contents(tmp_path / "1") == contents(whole[0])
    assert not (tmp_path / "1/chunks").exists()


def test_two_processes_write_the_same_bytes(corpus, whole, tmp_path):
    seen = []
    rows, _ = corpus
    run(rows, tmp_path, workers=2, progress=lambda done, total: seen.append((done, total)))
    assert contents(tmp_path) == contents(whole[0])
    assert seen[0] == (0, len(rows))
    assert seen[-1] == (len(rows), len(rows))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_chunks_of_another_size_write_the_same_bytes(corpus, whole, tmp_path):
    prepare(corpus[0], tmp_path, CONFIG, frontend(), chunk_rows=1000)
    assert contents(tmp_path) == contents(whole[0])


KILLED = """
import sys
from pathlib import Path
import vits.data.prepare.workers as workers
from vits.config import FrontendConfig, from_dict
from vits.data.prepared.manifest import read_manifest
from vits.data.prepare.options import PrepareConfig
from vits.data.prepare.pipeline import prepare
from vits.text.frontend import Frontend
from vits.text.symbols import SymbolTable
import json
import time

def slow(task, config, frontend, prepare_task=workers._prepare):
    time.sleep(0.05)
    return prepare_task(task, config, frontend)

workers._prepare = slow
values = json.loads(sys.argv[3])
prepare(
    list(read_manifest(sys.argv[1])), Path(sys.argv[2]), from_dict(PrepareConfig, values["config"]),
    Frontend.from_dict(values["frontend"]), chunk_rows=8,
)
"""


def test_a_killed_run_goes_on_to_the_same_bytes(corpus, whole, tmp_path, monkeypatch):
    rows, _ = corpus
    write_manifest(tmp_path / "rows.jsonl", rows)
    out = tmp_path / "out"
    values = json.dumps({"config": to_dict(CONFIG), "frontend": frontend().to_dict()})
    command = [sys.executable, "-c", KILLED, str(tmp_path / "rows.jsonl"), str(out), values]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 60
    while not (out / "chunks/chunk-000001.json").exists():
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    process.stderr.close()
    assert not (out / "dataset.json").exists()
    finished = {p: p.stat().st_mtime_ns for p in (out / "chunks").glob("chunk-*.json")}
    assert 2 <= len(finished) < 8

    made = count_made(monkeypatch)
    run(rows, out, keep_chunks=True)
    assert len(made) == 8 - len(finished)
    assert all(path.stat().st_mtime_ns == old for path, old in finished.items())
    assert contents(out) == contents(whole[0])


def count_made(monkeypatch):
    """Count the chunks that are really made."""
    made, make = [], workers._process

    def counted(chunk, config, frontend):
        made.append(chunk.index)
        return make(chunk, config, frontend)

    monkeypatch.setattr(workers, "_process", counted)
    return made


@pytest.fixture
def small(tmp_path):
    """Sixteen rows in two chunks, prepared with the chunks kept."""
    rows = good_rows(tmp_path / "wavs", 16)
    run(rows, tmp_path / "out", keep_chunks=True)
    return rows, tmp_path / "out"


def test_a_finished_folder_is_left_alone(small, monkeypatch):
    rows, out = small
    before = contents(out)
    times = {name: (out / name).stat().st_mtime_ns for name in OUTPUTS}
    made = count_made(monkeypatch)
    outcome = run(rows, out)
    assert made == []
    assert outcome.report.kept == 16
    assert contents(out) == before
    assert {name: (out / name).stat().st_mtime_ns for name in OUTPUTS} == times


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.with_suffix(".i16").unlink(),
        lambda path: path.with_suffix(".i16").write_bytes(
            b"\0\0" + path.with_suffix(".i16").read_bytes()[2:]
        ),
        lambda path: path.with_suffix(".i16").write_bytes(
            path.with_suffix(".i16").read_bytes()[:-2]
        ),
        lambda path: path.write_text("{"),
        lambda path: path.write_text(path.read_text().replace('"samples": ', '"samples": 1')),
    ],
)
def test_a_damaged_chunk_is_made_again(small, monkeypatch, spoil):
    rows, out = small
    before = contents(out)
    spoil(out / "chunks/chunk-000001.json")
    (out / "prepare.json").unlink()
    made = count_made(monkeypatch)
    run(rows, out)
    assert made == [1]
    assert contents(out) == before


def test_a_changed_row_or_recording_costs_its_chunk_only(small, monkeypatch):
    rows, out = small
    made = count_made(monkeypatch)
    rows[2] = Row(**{**rows[2].to_dict(), "text": "another text"})
    run(rows, out, keep_chunks=True)
    assert made == [0]
    soundfile.write(rows[12].audio, voice(0.9, 99), RATE)
    run(rows, out, keep_chunks=True)
    assert made == [0, 1]
    assert lines(out / "manifest.jsonl")[2]["text"] == "another text"
    assert lines(out / "manifest.jsonl")[12]["samples"] == round(0.9 * RATE)


def test_changed_options_make_everything_again(small, monkeypatch):
    rows, out = small
    made = count_made(monkeypatch)
    config = PrepareConfig(audio=AUDIO, limits=LIMITS, loudness_dbfs=-30.0)
    run(rows, out, config, keep_chunks=True)
    assert made == [0, 1]
    prepare(rows, out, config, frontend(LETTERS + "é"), chunk_rows=8, keep_chunks=True)
    assert made == [0, 1, 0, 1]


def test_another_limit_of_deviation_needs_only_assembly(corpus, tmp_path, monkeypatch):
    rows, _ = corpus
    run(rows, tmp_path, keep_chunks=True)
    made = count_made(monkeypatch)
    limits = RecordingLimits(segment_frames=8, max_seconds=4.0, max_deviation=0.0)
    report = run(rows, tmp_path, PrepareConfig(audio=AUDIO, limits=limits)).report
    assert made == []
    assert report.kept == 41
    assert report.compared == 0


def test_stereo_of_a_higher_rate_becomes_mono_of_the_target_rate(tmp_path):
    time_axis = np.arange(2 * RATE) / (2 * RATE)
    tone = 0.4 * np.sin(2 * np.pi * 440 * time_axis)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0.5 * tone], axis=1), 2 * RATE)
    row = Row(id="a", audio=str(tmp_path / "a.wav"), text="a tone")
    prepare([row], tmp_path / "out", CONFIG, frontend())
    wave = np.fromfile(tmp_path / "out/audio.i16", dtype="<i2") / 32768
    expected = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert len(wave) == RATE
    assert np.abs(wave - expected)[100:-100].max() < 1e-3


def test_trim_and_loudness(tmp_path):
    wave = np.concatenate([1e-4 * voice(1), voice(1, 1), 1e-4 * voice(1)])
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    row = Row(id="a", audio=str(tmp_path / "a.wav"), text="a noise")
    config = PrepareConfig(audio=AUDIO, limits=LIMITS, trim_db=40.0, loudness_dbfs=-30.0)
    prepare([row], tmp_path / "out", config, frontend())
    kept = np.fromfile(tmp_path / "out/audio.i16", dtype="<i2") / 32768
    assert len(kept) / RATE == pytest.approx(1.1, abs=0.05)
    assert 10 * np.log10(np.mean(kept**2)) == pytest.approx(-30, abs=0.1)


def test_a_peak_above_full_scale_is_scaled_not_clipped(tmp_path):
    wave = voice(0.8)
    wave[100] = 1.6
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    prepare(
        [Row(id="a", audio=str(tmp_path / "a.wav"), text="a noise")],
        tmp_path / "out",
        CONFIG,
        frontend(),
    )
    kept = np.fromfile(tmp_path / "out/audio.i16", dtype="<i2")
    assert np.abs(kept[:100] - files.to_pcm16(wave[:100] / 1.6)).max() <= 1
    assert kept[100] == 32767


def test_unknown_symbols_can_be_dropped_and_are_counted(corpus, tmp_path):
    row = next(row for row in corpus[0] if row.id == "unknown")
    config = PrepareConfig(audio=AUDIO, limits=LIMITS, unknown="drop")
    report = prepare([row], tmp_path, config, frontend()).report
    assert report.kept == 1
    assert report.dropped_symbols == {"☃": 2}
    assert "☃ 2" in report.text()


def test_the_table_can_be_extended_whatever_the_chunks(corpus, tmp_path):
    rows, _ = corpus
    limits = RecordingLimits(segment_frames=8, max_seconds=4.0, max_deviation=0.0)
    config = PrepareConfig(audio=AUDIO, limits=limits, unknown="extend")
    for n, size in ((1, 3), (2, 50)):
        prepare(rows, tmp_path / str(n), config, frontend("ba "), chunk_rows=size)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    kept = lines(tmp_path / "1/manifest.jsonl")
    table = json.loads((tmp_path / "1/dataset.json").read_text())["frontend"]["symbols"]
    used = set("".join(row["text"] for row in kept))
    assert "☃" in used
    assert table[:4] == [PAD, "b", "a", " "]
    assert table[4:] == sorted(table[4:])
    assert used <= set(table)
    own = Frontend.from_dict({**frontend().to_dict(), "symbols": table})
    assert all(tuple(row["ids"]) == own.encode(row["text"]).ids for row in kept)


def test_speakers_are_counted_and_sorted(tmp_path):
    rows = good_rows(tmp_path / "wavs", 6, speakers=("zoe", "adam", "zoe"))
    report = run(rows, tmp_path / "out").report
    assert report.speakers == {"adam": 2, "zoe": 4}
    assert json.loads((tmp_path / "out/dataset.json").read_text())["speakers"] == ["adam", "zoe"]
    assert "zoe 4" in report.text()


def test_unused_symbols_are_named(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, voice(0.8), RATE)
    rows = [Row(id="a", audio=str(path), text="abcdefghij")]
    report = run(rows, tmp_path / "out").report
    assert report.unused_symbols == list("klmnopqrstuvwxyz .,?")


def test_nothing_kept_is_an_error_that_counts(tmp_path):
    rows = [Row(id=str(i), audio=str(tmp_path / "no.wav"), text="a") for i in range(3)]
    with pytest.raises(
        DataError, match="none of 3 rows passed the checks: 3 missing; see"
    ) as caught:
        run(rows, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert len(lines(tmp_path / "out/rejected.jsonl")) == 3
    assert not (tmp_path / "out/dataset.json").exists()


def test_no_rows_is_an_error(tmp_path):
    with pytest.raises(DataError, match="0 rows"):
        run([], tmp_path)


def test_other_peoples_files_are_not_overwritten(small, tmp_path):
    rows, _ = small
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/manifest.jsonl").write_text("precious")
    with pytest.raises(DataError, match=r"has manifest\.jsonl but no dataset\.json"):
        run(rows, tmp_path / "mine")
    assert (tmp_path / "mine/manifest.jsonl").read_text() == "precious"


def test_only_our_files_are_deleted_from_the_work_folder(small):
    rows, out = small
    (out / "chunks/notes.txt").write_text("keep")
    (out / "prepare.json").unlink()
    run(rows, out)
    assert [path.name for path in (out / "chunks").iterdir()] == ["notes.txt"]


def test_a_flac_cut_in_the_middle_is_rejected(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(2), RATE)
    path.write_bytes(path.read_bytes()[:8000])
    rows = [*good_rows(tmp_path / "wavs", 1), Row(id="a", audio=str(path), text="cut")]
    assert run(rows, tmp_path / "out").report.rejected == {"unreadable": 1}


def test_only_the_first_rejected_rows_are_shown(tmp_path):
    rows = good_rows(tmp_path / "wavs", 1)
    rows += [Row(id=f"bad{i}", audio=str(tmp_path / "no.wav"), text="a") for i in range(13)]
    shown = run(rows, tmp_path / "out").report.text().splitlines()
    assert sum(line.startswith("rejected bad") for line in shown) == 10
    assert shown[-1] == "and 3 more, see rejected.jsonl"


def test_a_report_that_does_not_add_up_is_refused(whole):
    values = whole[1].report.to_dict()
    with pytest.raises(DataError, match=r"39 kept and 18 rejected rows must add up to 58"):
        Report.from_dict({**values, "kept": 39})


@pytest.mark.parametrize(
    ("options", "fault"),
    [({"workers": 0}, "workers 0 must be at least 1"), ({"chunk_rows": 0}, "chunk_rows 0 must be")],
)
def test_impossible_numbers_are_refused(corpus, tmp_path, options, fault):
    with pytest.raises(DataError, match=fault):
        prepare(corpus[0], tmp_path, CONFIG, frontend(), **options)


def test_a_file_is_no_output_folder(corpus, tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(DataError, match="is a file; choose a folder"):
        run(corpus[0], tmp_path / "out")
