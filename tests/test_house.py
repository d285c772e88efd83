"""The measurable rules of docs/explanation/architecture.md, and the words of CONTRIBUTING.md."""

import ast
import re
import statistics
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "vits"
MODULES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}

LONGEST_FILE, LONGEST_FUNCTION, USUAL_FUNCTION = 400, 60, 10
LARGEST_ROOM = 18
LAYERS_LINES = 1_200

# Names of before 0.2 and words that are not the field's; the right ones are in CONTRIBUTING.md.
BANNED = (
    r"processors?",
    r"data doctor",
    r"vits\.data\.doctor",
    r"impostors?",
    r"spoken_(share|start|noise_scale)",
    r"speaks_only",
    r"(draw|decode)_prior",
    r"PriorDraw",
    r"SpokenOutput",
    r"Crossing",
    r"(needed_mask|may_look|embed_rows|add_told|convolve_rows|along_time|place_recordings)",
    r"make_fast",
    r"make_plain",
    r"Refusal",
    r"InferenceConfig",
    r"WholeVoice",
    r"wishes",
    r"Illness",
    r"Verdict",
)
WORDS = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(BANNED)})(?![A-Za-z])")
TEXTS = ("vits", "docs", "tests", "benchmarks", "recipes", "configs")
PAGES = ("README.md", "CONTRIBUTING.md", "Makefile", "mkdocs.yml", "pyproject.toml")
KINDS = {".py", ".md", ".yaml", ".sh", ".html", ".toml", ".txt", ".sbatch", ""}
# the history, what reads the keys of before, and this list
EXEMPT = (
    "CHANGELOG.md",
    "vits/config/legacy.py",
    "tests/config/test_legacy.py",
    "tests/fixtures",
    "tests/test_house.py",
)


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(path) for path in MODULES}


def functions(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(function):
    docstring = ast.get_docstring(function, clean=False)
    documented = len(docstring.splitlines()) if docstring else 0
    return function.end_lineno - function.lineno + 1 - documented


def imports_at_load(node):
    """Yield the modules of the package that importing a module imports."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.ImportFrom) and (child.module or "").split(".")[0] == "vits":
            for alias in child.names:
                name = f"{child.module}.{alias.name}"
                yield name if name in NAMES else child.module
        elif isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name in NAMES)
        yield from imports_at_load(child)


def cycles(graph):
    """Return the sets of modules that import one another, by Tarjan's algorithm."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            place = stack.index(node)
            if len(stack) - place > 1:
                found.append(sorted(stack[place:]))
            del stack[place:]

    for node in list(graph):
        if node not in index:
            visit(node)
    return found


def test_no_module_imports_itself_through_others():
    graph = defaultdict(set)
    for path, tree in TREES.items():
        graph[module_name(path)].update(imports_at_load(tree))
    assert cycles(graph) == []


def test_cycles_are_found():
    assert cycles({"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}) == [["b", "c"]]


def test_files_are_short():
    long = {p: n for p in MODULES if (n := p.read_text("utf-8").count("\n")) > LONGEST_FILE}
    assert long == {}


def test_functions_are_short():
    sizes = {(p, f.name): code_lines(f) for p, tree in TREES.items() for f in functions(tree)}
    assert {name: n for name, n in sizes.items() if n > LONGEST_FUNCTION} == {}
    assert statistics.median(sizes.values()) <= USUAL_FUNCTION


def test_rooms_are_small():
    """The command line has one file for each command, and is no room to get lost in."""
    sizes = defaultdict(int)
    for path in MODULES:
        sizes[path.parent] += path.name != "__init__.py"
    crowded = {room: n for room, n in sizes.items() if n > LARGEST_ROOM and room.name != "cli"}
    assert crowded == {}


def test_the_mathematics_stays_small_enough_to_read():
    layers = (PACKAGE / "layers").rglob("*.py")
    assert sum(path.read_text("utf-8").count("\n") for path in layers) <= LAYERS_LINES


@pytest.mark.slow
def test_the_reference_is_made_from_the_code(reference):
    folder, pages = ROOT / "docs" / "reference", reference.pages()
    assert {path.name for path in folder.glob("*.md")} == set(pages)
    old = [name for name, text in pages.items() if (folder / name).read_text("utf-8") != text]
    assert old == [], "run: python docs/make_reference.py"


@pytest.mark.parametrize("room", ["layers", "models"])
def test_the_mathematics_has_no_branch_for_speed(room):
    speed = re.compile(
        r"is_grad_enabled|is_compiling|is_in_onnx_export|get_cpu_capability|device\.type ==|"
        r"autograd\.Function|inplace=True|\bout=|from vits\.fast"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if speed.search(line)
    ]
    assert found == []


def test_every_argument_is_annotated():
    bare = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}({argument.arg})"
        for path, tree in TREES.items()
        for function in functions(tree)
        # what Triton compiles from its source has Triton's own types
        if not any(ast.unparse(d).startswith("triton.jit") for d in function.decorator_list)
        for argument in [
            *function.args.posonlyargs,
            *function.args.args,
            *function.args.kwonlyargs,
            *filter(None, (function.args.vararg, function.args.kwarg)),
        ]
        if argument.annotation is None and argument.arg not in ("self", "cls")
    ]
    assert bare == []


def test_every_public_forward_states_its_shapes():
    """``(B, C, T)`` or the like for what goes in; a scalar or a shape for what comes out."""
    shape = re.compile(r"\((?:[A-Z]\w*|\d+|\.\.\.|·)(?:,\s*[^()]*)?\)|[Ss]calar")
    bare = [
        f"{path.relative_to(ROOT)}:{method.lineno} {owner.name}.forward"
        for path, tree in TREES.items()
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        and not owner.name.startswith("_")
        and "Function" not in [ast.unparse(b).rpartition(".")[2] for b in owner.bases]
        for method in owner.body
        if isinstance(method, ast.FunctionDef)
        and method.name == "forward"
        and not shape.search(ast.get_docstring(method) or "")
    ]
    assert bare == []


def texts():
    for top in TEXTS:
        yield from (p for p in sorted((ROOT / top).rglob("*")) if p.is_file())
    yield from (ROOT / page for page in PAGES)


def test_no_old_name_and_no_odd_word_is_left():
    found = []
    for path in texts():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in KINDS or name.startswith(EXEMPT) or "__pycache__" in name:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            found += [f"{name}:{number}: {m.group()}" for m in WORDS.finditer(line)]
    assert found == []
