"""Worker processes and killed runs."""

import json
import subprocess
import sys
import time
from pathlib import Path

from vits.config import to_dict
from vits.data.prepared.manifest import write_manifest


def test_two_processes_write_the_same_bytes(toy, corpus, prepared, tmp_path):
    seen = []
    rows, _ = corpus
    toy.run(rows, tmp_path, workers=2, progress=lambda done, total: seen.append((done, total)))
    assert toy.contents(tmp_path) == toy.contents(prepared[0])
    assert seen[0] == (0, len(rows))
    assert seen[-1] == (len(rows), len(rows))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


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


def test_a_killed_run_resumes_to_the_same_bytes(toy, corpus, prepared, tmp_path, processed):
    rows, _ = corpus
    write_manifest(tmp_path / "rows.jsonl", rows)
    out = tmp_path / "out"
    values = json.dumps({"config": to_dict(toy.config), "frontend": toy.frontend().to_dict()})
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

    processed.clear()
    toy.run(rows, out, keep_chunks=True)
    assert len(processed) == 8 - len(finished)
    assert all(path.stat().st_mtime_ns == old for path, old in finished.items())
    assert toy.contents(out) == toy.contents(prepared[0])
