"""Voices by name, against a small server that speaks the hub's protocol."""

import base64
import hashlib
import http.server
import json
import re
import shutil
import threading
import urllib.parse

import numpy as np
import pytest

import vits
from vits.cli import main
from vits.config import FrontendConfig
from vits.errors import MissingFileError, VoiceError
from vits.hub.names import parse_name
from vits.interop.convert import write
from vits.interop.named import cached_voices, find_or_download
from vits.synthesis.bundle.read import read_voice
from vits.text import Frontend, SymbolTable

package = pytest.importorskip("huggingface_hub", reason="pip install 'vits[hub]'")
constants = pytest.importorskip("huggingface_hub.constants")
file_download = pytest.importorskip("huggingface_hub.file_download")
COMMIT, OLD = "1" * 40, "2" * 40
TEXT = "kab abba"
WEIGHTS = "model.safetensors"


class Repository:
    def __init__(self, folder, licence="cc-by-nc-4.0"):
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        self.hashes = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        self.blobs = {
            name: hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            for name, data in self.files.items()
        }
        self.licence, self.token, self.gated = licence, None, False
        self.revisions = {"main": COMMIT, "v1": OLD, COMMIT: COMMIT, OLD: OLD}

    def describe(self, name, commit):
        siblings = [
            {
                "rfilename": file,
                "size": len(data),
                "blobId": self.blobs[file],
                "lfs": {"sha256": self.hashes[file], "size": len(data), "pointerSize": 1}
                if file.endswith((".safetensors", ".onnx"))
                else None,
            }
            for file, data in self.files.items()
        ]
        card = {"license": self.licence} if self.licence else {}
        return {"id": name, "sha": commit, "siblings": siblings, "cardData": card, "tags": []}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, data=b"", **headers):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub, path = self.server.hub, urllib.parse.urlsplit(self.path).path
        hub.requests.append((self.command, path, self.headers.get("Range")))
        if hub.busy > 0:
            hub.busy -= 1
            self.answer(429, **{"Retry-After": "0"})
            return
        if path == "/api/models":
            self.answer(200, [{"id": name, "tags": ["license:mit"]} for name in hub.repositories])
            return
        match = re.fullmatch(
            r"(?:/api/models)?/([^/]+/[^/]+)(?:/(?:revision|resolve)/([^/]+))?(?:/(.+))?", path
        )
        name = match[1]
        if name in hub.renamed:
            self.answer(307, Location=self.path.replace(name, hub.renamed[name]))
            return
        repository = hub.repositories.get(name)
        allowed = repository and self.headers.get("Authorization") in (
            None if repository.token is None else f"Bearer {repository.token}",
            self.headers.get("Authorization") if repository.token is None else "",
        )
        if not allowed:
            self.answer(401 if repository else 404, X_Error_Code="RepoNotFound")
        elif repository.gated:
            self.answer(403, X_Error_Code="GatedRepo")
        elif (commit := repository.revisions.get(match[2] or "main")) is None:
            self.answer(404, X_Error_Code="RevisionNotFound")
        elif match[3] is None:
            self.answer(200, repository.describe(name, commit))
        elif match[3] not in repository.files:
            self.answer(404, X_Error_Code="EntryNotFound")
        else:
            self.send_file(repository, match[3], commit)

    def send_file(self, repository, file, commit):
        hub, data = self.server.hub, repository.files[file]
        start = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(start[1]) if start else 0
        etag = f'"{repository.hashes[file]}"'
        headers = {"ETag": etag, "X_Repo_Commit": commit, "X_Linked_Size": str(len(data))}
        if start:
            headers["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if self.command == "GET" and file == WEIGHTS and hub.cuts > 0:
            hub.cuts -= 1
            self.send_response(206 if start else 200)
            for key, value in headers.items():
                self.send_header(key.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start : start + (len(data) - start) // 2])
            self.close_connection = True
            return
        self.answer(206 if start else 200, data[start:], **headers)

    def do_POST(self):
        hub = self.server.hub
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub.requests.append(("POST", self.path, self.headers.get("Authorization")))
        if self.path.endswith("/preupload/main"):
            files = [
                {"path": entry["path"], "uploadMode": "regular", "shouldIgnore": False}
                for entry in json.loads(body)["files"]
            ]
            self.answer(200, {"files": files})
        elif self.path.endswith("/commit/main"):
            for line in body.decode().splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    hub.pushed[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            url = f"{hub.endpoint}/ada/voice/commit/{COMMIT}"
            self.answer(200, {"success": True, "commitOid": COMMIT, "commitUrl": url})
        else:
            self.answer(200, {"url": f"{hub.endpoint}/ada/voice", "errors": [], "warnings": []})


class Hub:
    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.hub = self
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.reset()
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def reset(self):
        self.repositories, self.renamed, self.pushed = {}, {}, {}
        self.requests, self.busy, self.cuts = [], 0, 0


@pytest.fixture(scope="module")
def running():
    hub = Hub()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


@pytest.fixture
def hub(running, tmp_path, monkeypatch):
    running.reset()
    for name in ("HF_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.chdir(tmp_path)
    return running


@pytest.fixture(scope="module")
def mms(make_voice, tmp_path_factory):
    """A voice as the hub has it, and the same converted by hand."""
    config = FrontendConfig(backend="graphemes", language="deu", normalize=False, clean="unknown")
    voice = make_voice(kind="deterministic", frontend=Frontend(config, SymbolTable((*"kab ",))))
    top = tmp_path_factory.mktemp("mms")
    write(voice, top / "there", "transformers")
    settings = json.loads((top / "there" / "config.json").read_text())
    del settings["vits"]
    (top / "there" / "config.json").write_text(json.dumps(settings))
    (top / "there" / "pytorch_model.bin").write_bytes(b"a pickle")
    return Repository(top / "there"), top / "there"


@pytest.fixture
def named(hub, mms):
    hub.repositories["facebook/mms-tts-deu"] = Repository(mms[1])
    return "facebook/mms-tts-deu"


def test_a_name_is_spoken_and_its_licence_is_shown_once(hub, named, mms, capsys):
    expected = vits.load(mms[1])(TEXT, seed=3).samples
    assert np.array_equal(vits.load(named)(TEXT, seed=3).samples, expected)
    shown = f"{named}: cc-by-nc-4.0, from {hub.endpoint}/{named}\n"
    assert capsys.readouterr().err.endswith(shown)
    files = {path.rpartition("/")[2] for _, path, _ in hub.requests if "/resolve/" in path}
    assert files == {"config.json", WEIGHTS, "vocab.json", "tokenizer_config.json"}
    hub.requests.clear()
    assert np.array_equal(vits.load(f"hf://{named}")(TEXT, seed=3).samples, expected)
    assert capsys.readouterr().err == ""
    assert not any("/resolve/" in path for _, path, _ in hub.requests)
    ((name, revision, folder),) = cached_voices()
    assert (name, revision, folder.name) == (named, "main", COMMIT)
    card = read_voice(folder).card
    assert (card.name, card.licence) == ("mms-tts-deu", "cc-by-nc-4.0")


def test_a_revision_is_pinned(hub, named):
    assert find_or_download(f"hf://{named}@v1").name == OLD
    assert find_or_download(f"{named}@{COMMIT}").name == COMMIT
    with pytest.raises(MissingFileError, match=r"@v2 has no such revision"):
        find_or_download(f"{named}@v2")


def test_offline_takes_what_is_cached_and_names_the_cache(hub, named, tmp_path, monkeypatch):
    folder = find_or_download(named)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.requests.clear()
    assert find_or_download(named) == folder
    assert hub.requests == []
    with pytest.raises(MissingFileError) as caught:
        find_or_download("facebook/mms-tts-fra")
    message = str(caught.value)
    assert "facebook/mms-tts-fra" in message
    assert str(tmp_path / "home" / "vits") in message
    assert "\n" not in message


def test_a_hub_that_is_down_is_like_offline(named, monkeypatch):
    folder = find_or_download(named)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert find_or_download(named) == folder
    with pytest.raises(MissingFileError, match="is not cached in"):
        find_or_download("facebook/mms-tts-fra")


def test_a_busy_hub_is_asked_again(hub, named):
    hub.busy = 3
    assert find_or_download(named).name == COMMIT
    hub.busy = 99
    with pytest.raises(VoiceError, match=r"is busy \(429\) after 5 tries"):
        find_or_download(named)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"token": "secret"}, (MissingFileError, VoiceError), "set HF_TOKEN"),
        ({"gated": True}, VoiceError, "is gated: accept its terms"),
        ({"revisions": {}}, MissingFileError, "has no such revision"),
    ],
)
def test_a_refusal_is_one_line(hub, named, change, error, message, tmp_path):
    vars(hub.repositories[named]).update(change)
    with pytest.raises(error, match=message) as caught:
        vits.load(named)
    assert "\n" not in str(caught.value)
    assert not list(cached_voices())


def test_a_token_opens_a_private_repository(hub, named, monkeypatch):
    hub.repositories[named].token = "secret"
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert find_or_download(named).name == COMMIT


def test_an_unknown_name_is_one_line(hub):
    with pytest.raises(MissingFileError, match="nobody/nothing does not exist here, and http"):
        vits.load("nobody/nothing")


def test_a_renamed_repository_is_followed(hub, named):
    hub.renamed["meta/old-name"] = named
    assert find_or_download("meta/old-name").name == COMMIT


def test_pickles_are_never_downloaded(hub, named):
    repository = hub.repositories[named]
    del repository.files[WEIGHTS]
    with pytest.raises(VoiceError, match=r"pytorch_model\.bin only, which can hold code"):
        vits.load(named)
    assert not any("/resolve/" in path for _, path, _ in hub.requests)


def test_a_cut_download_goes_on(hub, named, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    hub.cuts = 3
    assert find_or_download(named).name == COMMIT
    ranges = [found for _, path, found in hub.requests if WEIGHTS in path and found]
    assert len(ranges) == 3
    assert not ranges[0].startswith("bytes=0-")
    assert [path for path in (tmp_path / "home").rglob("*") if ".incomplete" in path.name] == []


@pytest.mark.parametrize("file", [WEIGHTS, "config.json"])
def test_a_wrong_hash_is_refused_and_forgotten(hub, named, file):
    repository = hub.repositories[named]
    good = repository.files[file]
    repository.files[file] = good[:-1] + bytes([good[-1] ^ 1])
    with pytest.raises(VoiceError, match=f"{file} .* its hash is wrong"):
        find_or_download(named)
    repository.files[file] = good
    assert find_or_download(named).name == COMMIT


def test_pipers_index_must_state_the_hash_too(hub, tmp_path):
    folder = tmp_path / "there" / "de" / "de_DE" / "ada" / "low"
    folder.mkdir(parents=True)
    for name in ("de_DE-ada-low.onnx", "de_DE-ada-low.onnx.json"):
        (folder / name).write_bytes(b"{}")
    right = hashlib.md5(b"{}").hexdigest()
    for wrong in ("de_DE-ada-low.onnx", "de_DE-ada-low.onnx.json"):
        files = {
            f"de/de_DE/ada/low/{path.name}": {"md5_digest": "0" if path.name == wrong else right}
            for path in folder.iterdir()
        }
        (tmp_path / "there" / "voices.json").write_text(
            json.dumps({"de_DE-ada-low": {"files": files}})
        )
        hub.repositories["rhasspy/piper-voices"] = Repository(tmp_path / "there")
        shutil.rmtree(tmp_path / "home", ignore_errors=True)
        with pytest.raises(VoiceError, match=f"{wrong} of de_DE-ada-low is not what"):
            find_or_download("de_DE-ada-low")
    assert not list(cached_voices())


def test_a_full_disk_is_one_line(hub, named, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(file_download, "http_get", full)
        with pytest.raises(VoiceError, match="no space is left in"):
            find_or_download(named)
    assert find_or_download(named).name == COMMIT


def test_two_at_once_get_the_same_voice(hub, named):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(find_or_download(named))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert [path.name for path in found[0].parent.iterdir()] == [COMMIT]


def test_an_existing_path_wins(hub, mms, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(mms[1], tmp_path / "facebook" / "mms-tts-deu")
    vits.load("facebook/mms-tts-deu")
    with pytest.raises(MissingFileError, match="does not exist"):
        vits.load("facebook/mms-tts-fra")  # a slip in a path
    assert hub.requests == []


@pytest.fixture
def piper(hub, piper_export, tmp_path_factory):
    """Piper's repository with one voice and its index."""
    top = tmp_path_factory.mktemp("piper")
    folder = top / "there" / "de" / "de_DE" / "ada" / "low"
    folder.mkdir(parents=True)
    for path in piper_export.iterdir():
        shutil.copy(path, folder / f"de_DE-ada-low{path.name[path.name.index('.onnx') :]}")
    files = {
        p.relative_to(top / "there").as_posix(): {"size_bytes": 500_000} for p in folder.iterdir()
    }
    language = {"code": "de_DE", "name_english": "German"}
    entry = {"language": language, "quality": "low", "num_speakers": 1, "files": files}
    index = json.dumps({"de_DE-ada-low": entry, "fr_FR-eve-low": entry | {"files": {}}})
    (top / "there" / "voices.json").write_text(index)
    hub.repositories["rhasspy/piper-voices"] = Repository(top / "there", "mit")


@pytest.mark.slow
def test_pipers_names_are_found_listed_and_removed(hub, piper, capsys):
    assert main(["voices", "--search", "ada", "--language", "de"]) == 0
    assert "de_DE-ada-low: de_DE German, low, 1 speaker, 1 MB" in capsys.readouterr().out
    assert main(["voices", "--download", "de_DE-ada-low"]) == 0
    voice = vits.load("de_DE-ada-low")
    assert len(voice("[[ab]]", seed=1).samples) > 0
    capsys.readouterr()
    assert main(["voices"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("de_DE-ada-low@main: en-us, 16000 Hz, 1 speaker, ")
    assert line.endswith("CC0-1.0")
    assert main(["voices", "--language", "fr"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["voices", "--remove", "de_DE-ada-low"]) == 0
    assert list(cached_voices()) == []
    assert main(["voices", "--remove", "de_DE-ada-low"]) == 2
    with pytest.raises(MissingFileError, match="has no voice de_DE-eve-low"):
        vits.load("de_DE-eve-low")


@pytest.mark.slow
def test_a_repository_of_sherpas_is_spoken_by_its_name(hub, exported, tmp_path):
    voice, folder = exported("sherpa")
    there = shutil.copytree(folder, tmp_path / "there")
    (there / "model.int8.onnx").write_bytes(b"rounded")
    hub.repositories["csukuangfj/vits-ada"] = Repository(there)
    found = vits.load("csukuangfj/vits-ada")
    assert len(found("ab ba", seed=1).samples) > 0
    assert found.frontend.encode("ab ba").ids == voice.bundle.frontend.encode("ab ba").ids
    files = {path.rpartition("/")[2] for _, path, _ in hub.requests if "/resolve/" in path}
    assert files == {"model.onnx", "tokens.txt"}


def test_a_voice_is_published_and_found_again(hub, tiny_voice, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", "mine")
    folder = shutil.copytree(tiny_voice, tmp_path / "voice")
    (folder / "samples").mkdir()
    (folder / "samples" / "hello.wav").write_bytes(b"RIFF")
    assert main(["push", str(folder), "ada/voice"]) == 0
    assert capsys.readouterr().out.strip() == f"{hub.endpoint}/ada/voice/commit/{COMMIT}"
    front = hub.pushed["README.md"].decode().split("---\n")[1]
    for line in ('pipeline_tag: "text-to-speech"', 'library_name: "vits"', 'license: "cc0-1.0"'):
        assert line in front
    assert "samples/hello.wav" in front
    for name, data in hub.pushed.items():
        (tmp_path / "pushed" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pushed" / name).write_bytes(data)
    hub.repositories["ada/voice"] = Repository(tmp_path / "pushed")
    expected = vits.load(tiny_voice)("Hello.", seed=1).samples
    assert np.array_equal(vits.load("ada/voice")("Hello.", seed=1).samples, expected)


def test_a_voice_without_a_licence_is_not_published(hub, tiny_voice, tmp_path, capsys):
    folder = shutil.copytree(tiny_voice, tmp_path / "voice")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"licence": ""}))
    assert main(["push", str(folder), "ada/voice"]) == 2
    assert "states no licence" in capsys.readouterr().err
    assert hub.requests == []


def test_without_the_package_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert parse_name("ada/voice")
    with pytest.raises(ImportError, match=r"pip install 'vits\[hub\]'"):
        vits.load("ada/voice")
