"""The wheel, its metadata, the pinned dependencies and the hooks."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import zipfile
from importlib import metadata
from types import SimpleNamespace

import pytest
import yaml

from vits.cli import build_parser
from vits.synthesis.bundle.voice_bundle import REQUIRED


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    done = subprocess.run([*pip, *options, str(root)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("vits-*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def project(root):
    tomllib = pytest.importorskip("tomllib", reason="part of Python since 3.11")
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def speaking(root):
    """The project of the distribution that speaks only."""
    tomllib = pytest.importorskip("tomllib", reason="part of Python since 3.11")
    text = (root / "recipes" / "speak" / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]


def test_vits_speak_is_a_part_of_vits(project, speaking):
    extras = project["optional-dependencies"]
    assert speaking["version"] == project["version"]
    assert speaking["scripts"] == project["scripts"]
    assert speaking["requires-python"] == project["requires-python"]
    assert set(speaking["dependencies"]) <= {*project["dependencies"], *extras["onnx"]}
    for name, lines in speaking["optional-dependencies"].items():
        assert lines == extras[name]


def test_vits_speak_brings_what_speaking_imports(speaking, loaded_by_speaking):
    def plain(name):
        return re.split(r"[^\w.-]", name)[0].lower().replace("_", "-")

    waiting, brought = [*speaking["dependencies"]], {"vits"}
    while waiting:
        name = plain(waiting.pop())
        if name not in brought:
            brought.add(name)
            waiting += [x for x in metadata.requires(name) or [] if "extra ==" not in x]
    homes = metadata.packages_distributions()
    needed = {plain(home) for package in loaded_by_speaking for home in homes.get(package, [])}
    needed -= {"setuptools"}  # which every process of a virtual environment may load
    assert {"numpy", "onnxruntime", "espeakng-loader", "soundfile"} <= needed
    assert needed <= brought


@pytest.mark.slow
def test_the_wheel_contains_only_the_package(wheel, root):
    expected = {str(path.relative_to(root)) for path in (root / "vits").rglob("*.py")}
    expected |= {"vits/py.typed", "vits/server/page.html"}
    voice = "vits/voices/kathleen"
    expected |= {
        f"{voice}/{name}"
        for name in ("README.md", *REQUIRED, "text.onnx", "wave.onnx", "decoder.onnx")
    }
    names = set(wheel.namelist())
    assert {name for name in names if ".dist-info/" not in name} == expected


@pytest.mark.slow
def test_the_wheel_has_complete_metadata(wheel, project):
    (info,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert f"\nVersion: {project['version']}\n" in metadata
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "\nRequires-Python: >=3.10\n" in metadata
    assert "vits = vits.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert b"the vits authors" in wheel.read(f"{info}/licenses/LICENSE")


@pytest.mark.slow
def test_the_wheel_requires_no_developer_packages(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    lines = wheel.read(name).decode().splitlines()
    needed = [x for x in lines if x.startswith("Requires-Dist:") and "extra ==" not in x]
    names = {re.split(r"[^\w-]", line.split()[1])[0] for line in needed}
    assert {"torch", "pytorch-lightning", "phonemizer"} <= names
    assert not names & {"pytest", "ruff", "transformers", "basedpyright"}


@pytest.mark.slow
def test_the_first_lines_of_the_readme_run_from_the_wheel(wheel, root, tmp_path):
    blocks = dict(re.findall(r"^```(python|bash)\n(.*?)^```$", _front(root), re.M | re.S))
    assert blocks["python"].count("\n") <= 3
    assert blocks["bash"].startswith("vits say ")
    wheel.extractall(tmp_path / "site")
    code = (
        f"import shlex\n{blocks['python']}\nfrom vits.cli import main\n"
        f"assert main(shlex.split({blocks['bash']!r})[1:]) == 0\nprint(vits.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(tmp_path / "site" / "vits" / "__init__.py")
    assert {path.name for path in tmp_path.glob("*.*")} == {"speech.mp3", "morning.wav"}


def _front(root):
    """Return the README from behind its installation to its first heading."""
    text = (root / "README.md").read_text(encoding="utf-8")
    return text.partition("```bash\npip install vits\n```")[2].partition("\n## ")[0]


def test_every_direct_dependency_has_a_pin(project, root):
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    pins = {line.split("==")[0].lower() for line in text.splitlines() if "==" in line}
    extras = project["optional-dependencies"].values()
    requirements = [*project["dependencies"], *(line for lines in extras for line in lines)]
    names = {re.split(r"[^\w.-]", line)[0].lower() for line in requirements}
    assert names <= pins


def test_the_version_is_that_of_the_project_file(project, root):
    import vits

    assert vits.__version__ == project["version"]
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"]
    released = re.findall(r"^## \[(\d[^]]*)\]", (root / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert released[:1] in ([], [project["version"]])


def test_the_page_about_installing_has_every_extra(project, root):
    text = (root / "docs" / "guides" / "install.md").read_text(encoding="utf-8")
    table = text.partition("| extra |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.M)) == set(project["optional-dependencies"])


def test_what_the_public_workflows_run_exists(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    paths = sorted((root / ".github" / "workflows").glob("*.yml"))
    jobs = [job for path in paths for job in yaml.safe_load(path.read_text())["jobs"].values()]
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert runs
    for words in map(str.split, runs):
        assert words[0] == "make"
        assert f"\n{words[1]}: " in makefile


def test_the_container_copies_and_installs_what_exists(root, project):
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    kept = set(re.findall(r"^!(.+)$", (root / ".dockerignore").read_text(), re.M))
    copied = {
        name for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.M) for name in line.split()
    }
    assert copied == kept
    assert all((root / name).exists() for name in copied)
    (extras,) = re.findall(r"\"\.\[(.+)\]\"", text)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert "USER 10001" in text
    compose = yaml.safe_load((root / "compose.yaml").read_text(encoding="utf-8"))
    (service,) = compose["services"].values()
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_files_for_clusters_start_what_exists(root):
    folder = root / "recipes" / "cluster"
    documents = yaml.safe_load_all((folder / "kubernetes.yaml").read_text(encoding="utf-8"))
    by_kind = {document["kind"]: document for document in documents}
    assert set(by_kind) == {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
    }
    spec = by_kind["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == by_kind["Service"]["spec"]["selector"]
    (server,) = spec["template"]["spec"]["containers"]
    args = build_parser(["serve"]).parse_args(server["args"])
    assert args.port == server["ports"][0]["containerPort"] == 8000
    assert args.grace < spec["template"]["spec"]["terminationGracePeriodSeconds"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert server[probe]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert server["resources"]["limits"]["memory"] == "2Gi"
    compose = yaml.safe_load((folder / "compose.replicas.yaml").read_text(encoding="utf-8"))
    assert compose["services"]["vits"]["deploy"]["replicas"] == 3
    assert (folder / compose["services"]["vits"]["build"] / "Dockerfile").is_file()
    script = (folder / "prepare.sbatch").read_text(encoding="utf-8")
    (line,) = re.findall(r"^exec srun (vits prepare [\s\S]*?[^\\])$", script, re.M)
    values = {
        "SLURM_ARRAY_TASK_ID": "3",
        "SLURM_ARRAY_TASK_COUNT": "16",
        "SLURM_CPUS_PER_TASK": "8",
    }
    for name, value in values.items():
        line = line.replace(f"${name}", value)
    words = shlex.split(line.replace("\\\n", " ").replace('"$@"', "corpus -o prepared"))
    args = build_parser(["prepare"]).parse_args(words[1:])
    assert (args.shard, args.workers) == ("3/16", 8)


def test_shards_are_tasks_of_a_ray_cluster(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "recipes" / "cluster")
    import prepare_on_ray

    class Ray:
        def __init__(self):
            self.tasks = []

        def init(self, **_):
            pass

        def remote(self, **options):
            assert options == {"num_cpus": 4, "max_retries": 3}
            return lambda function: SimpleNamespace(remote=self.tasks.append)

        def get(self, results):
            return [2 if index == 1 else 0 for index, _ in enumerate(results)]

    words = ["--shards", "3", "--cpus", "4", "corpus", "-o", "prepared"]
    ray = Ray()
    assert prepare_on_ray.main(words, ray) == 2
    shards = [build_parser(["prepare"]).parse_args(words) for words in ray.tasks]
    assert [args.shard for args in shards] == ["1/3", "2/3", "3/3"]
    assert {args.workers for args in shards} == {4}


def test_hooks_and_continuous_integration_run_the_targets_of_make(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    (steps,) = re.findall(r"^test: (.+)$", makefile, re.MULTILINE)
    hooks = re.findall(
        r"^ +entry: make (\S+)$", (root / ".pre-commit-config.yaml").read_text(), re.M
    )
    assert hooks == steps.split()
    assert (root / ".ci" / "run").read_text().splitlines()[-1] == "make test"
    workflow = (root / ".github" / "workflows" / "test.yml").read_text()
    assert "make test PYTHON=python COVERAGE=--cov" in workflow  # with coverage and its gate


@pytest.fixture(scope="module")
def third_party(root):
    """The program that lists the licences."""
    pytest.importorskip("tomllib", reason="part of Python since 3.11")
    spec = importlib.util.spec_from_file_location("third_party", root / ".ci" / "third_party.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_required_package_is_listed_with_its_licence(third_party, root):
    """``make licences`` writes the file; it must be run when a dependency is added."""
    listed = third_party.rows((root / "THIRD_PARTY.md").read_text(encoding="utf-8"))
    assert third_party.required() - {"monotonic-align"} <= set(listed)
    assert third_party.faults({}, listed) == []


def test_another_licence_is_a_fault(third_party):
    faults = third_party.faults
    assert faults({"a": "MIT"}, {"a": "MIT", "b": "BSD License"}) == []
    assert "has 'MIT'; run make licences" in faults({"a": "Apache-2.0"}, {"a": "MIT"})[0]
    assert "has None" in faults({"new": "MIT"}, {"a": "MIT"})[0]
    assert "not a known licence" in faults({}, {"a": "GPL-3.0"})[0]
    assert "not a known licence" in faults({}, {"a": "UNKNOWN"})[0]


def test_the_lock_has_the_pinned_versions_and_their_hashes(third_party, project, root):
    """``make lock`` writes it; it must be run when a pin changes."""

    def pins(name):
        text = (root / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([\w.-]+==[^ ;\n]+)", text, re.M)), text

    (locked, lock), (constrained, _) = pins("requirements.lock"), pins("constraints.txt")
    of_torch = {pin for pin in locked if third_party.OF_TORCH.fullmatch(pin.split("==")[0])}
    known = {pin.split("==")[0] for pin in constrained}
    assert {pin for pin in locked - of_torch if pin.split("==")[0] in known} <= constrained
    assert len(known) > 100
    names = {third_party.plain(pin.split("==")[0]) for pin in locked}
    assert third_party.required() - names == set()
    for extra in set(project["optional-dependencies"]) - {"dev", "docs"}:
        for line in project["optional-dependencies"][extra]:
            assert third_party.plain(re.split(r"[^\w.-]", line)[0]) in names
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        assert "--hash=sha256:" in entry
        assert "://" not in entry
