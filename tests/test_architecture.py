"""The shape of the code, enforced: each rule is a function of a file's path and source, with a case that it catches."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import ROOT

Rule = Callable[[str, str], list[str]]  # path from the root, source -> what is wrong with it, a sentence each

# A module imports from the rows above its own, or from its own package. One that isn't here has no place yet.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("latentlab", "latentlab.settings"),
    (
        "latentlab.knobs",
        "latentlab.device",
        "latentlab.distributions",
        "latentlab.serialization",
        "latentlab.trash",
    ),
    ("latentlab.nn", "latentlab.cluster"),
    ("latentlab.data",),
    ("latentlab.models",),
    ("latentlab.remote",),
    ("latentlab.training",),
    ("latentlab.runs",),
    ("latentlab.subjects",),
    ("latentlab.analysis",),
    ("latentlab.export",),
    ("latentlab.serving",),
    ("latentlab.jobs",),
    ("latentlab.experiments",),
    ("latentlab.figures",),
    ("latentlab.cli",),
    ("pages", "pages.navigation", "latentlab.__main__"),
    ("pages.components",),
    ("pages.shared",),
    tuple(f"pages.{folder.parent.name}" for folder in sorted((ROOT / "pages").glob("*/page.py"))),
    ("app",),
)
LAYER = {package: layer for layer, packages in enumerate(LAYERS) for package in packages}
NAMELESS = {"utils", "helpers", "common", "misc"}
CALL_FOREIGN_CODE = {f"latentlab/serving/{name}.py" for name in ("file", "functions", "onnx")}  # it may raise anything
HEAVY = {"streamlit", "sklearn", "umap"}  # imported where they are used, not at the start
# Programs that are started often, each with what it may import besides the standard library.
LIGHT = {"latentlab/data/files/containers/hdf5_copy.py": {"h5py", "numpy"}}
LINES_OF_A_PAGE = 1_250
OF_THE_THREAD = {"no_grad", "inference_mode", "enable_grad", "set_grad_enabled", "autocast", "fork_rng"}


def files() -> list[tuple[str, str]]:
    """Path from the root and source of every module of the library and the app."""
    found = [ROOT / "app.py", *(path for folder in ("latentlab", "pages") for path in (ROOT / folder).rglob("*.py"))]
    return [(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in sorted(found) if path.exists()]


def package_of(module: str) -> str:
    """What of `LAYERS` a dotted name belongs to: its first two parts."""
    return ".".join(module.split(".")[:2])


def folder_of(path: str) -> str:
    """The page's folder that a file lies in; empty for what is no page's."""
    parts = path.split("/")
    return parts[1] if parts[0] == "pages" and len(parts) > 2 and parts[1] not in ("shared", "components") else ""


@functools.cache
def parsed(source: str) -> ast.Module:
    """The tree of a module, which every rule reads and none changes."""
    return ast.parse(source)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or an attribute, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def imports(tree: ast.Module) -> Iterator[str]:
    """Every imported module, at any depth; of `from package import name` both `package` and `package.name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if module not in ("latentlab", "pages"):
                yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def names(tree: ast.Module) -> Iterator[str]:
    """Every name that is used or imported, and every attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


# --- the rules -----------------------------------------------------------------------------------------------------


def one_direction(path: str, source: str) -> list[str]:
    if path == "latentlab/__init__.py":  # what a notebook calls: imported from wherever it is, when it is used
        return []
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    here = package_of(module)
    if here not in LAYER:
        return [f"{module} has no layer"]
    wrong = []
    for imported in imports(parsed(source)):
        if imported.partition(".")[0] not in ("", "latentlab", "pages", "app"):
            continue
        there = package_of(imported)
        if there != here and LAYER.get(there, len(LAYERS)) >= LAYER[here]:
            wrong.append(f"{module} imports {imported}")
    return wrong


def no_streamlit_in_the_library(path: str, source: str) -> list[str]:
    found = {name for name in imports(parsed(source)) if name.partition(".")[0] == "streamlit"}
    return [f"{path} imports {name}" for name in sorted(found)] if path.startswith("latentlab/") else []


def one_loop(path: str, source: str) -> list[str]:
    found = [call for call in calls(parsed(source)) if getattr(call.func, "attr", "") == "backward"]
    return [f"{path}:{call.lineno} trains" for call in found] if path != "latentlab/training/loop.py" else []


def state_and_caches_in_shared(path: str, source: str) -> list[str]:
    if path.startswith("pages/shared/") or not path.startswith(("pages/", "app.py")):
        return []
    found = sorted({"session_state", "cache_data", "cache_resource"} & set(names(parsed(source))))
    return [f"{path} uses {name}" for name in found]


def device_decides(path: str, source: str) -> list[str]:
    found = [call for call in calls(parsed(source)) if getattr(call.func, "attr", "") == "cuda"]
    return [f"{path}:{call.lineno} moves to a GPU itself" for call in found]


def no_global_seed(path: str, source: str) -> list[str]:
    rest = parsed(source)
    if path == "latentlab/device.py":  # all but the two functions that seed
        kept = [n for n in rest.body if not (isinstance(n, ast.FunctionDef) and n.name in ("generator", "seeded"))]
        rest = ast.Module(kept, [])
    seeds = [name for name in names(rest) if name.startswith("manual_seed")]
    seeds += [name for name in (dotted(call.func) for call in calls(rest)) if name.endswith("random.seed")]
    return [f"{path} calls {name}" for name in seeds]


def no_pickle(path: str, source: str) -> list[str]:
    tree = parsed(source)
    found = {name for name in imports(tree) if name.partition(".")[0] in ("pickle", "dill", "cloudpickle", "joblib")}
    found |= {name for name in imports(tree) if name == "torch.load"}
    found |= {dotted(call.func) for call in calls(tree) if dotted(call.func) == "torch.load"}
    found |= {"allow_pickle" for call in calls(tree) for keyword in call.keywords if _is_on(keyword, "allow_pickle")}
    return [f"{path} uses {name}" for name in sorted(found)]


def _is_on(keyword: ast.keyword, name: str) -> bool:
    return keyword.arg == name and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)


def abilities_are_nominal(path: str, source: str) -> list[str]:
    found = sorted({"NotImplementedError", "hasattr"} & set(names(parsed(source))))
    return [f"{path} uses {name}" for name in found]


def errors_are_named(path: str, source: str) -> list[str]:
    if path in CALL_FOREIGN_CODE:
        return []
    wrong = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(one is None or dotted(one) in ("Exception", "BaseException") for one in caught):
                wrong.append(f"{path}:{node.lineno} catches everything")
    return wrong


def imports_are_named(path: str, source: str) -> list[str]:
    return [f"{path} imports {name}" for name in imports(parsed(source)) if name.endswith("*")]


FOLDERS_OF_MODELS = {path.name for path in (ROOT / "latentlab" / "models").iterdir() if path.is_dir()}
MODELS = {path.stem for path in (ROOT / "latentlab" / "models").glob("*/*.py") if path.parent.name != "parts"}


def models_are_found_by_ability(path: str, source: str) -> list[str]:
    """Outside `models/` nothing imports a concrete model or compares a model's name; experiments list names as data."""
    if path.startswith("latentlab/models/"):
        return []
    tree = parsed(source)
    found = [name for name in imports(tree) if name.startswith("latentlab.models.")]
    wrong = [f"{path} imports {name}" for name in found if name.split(".")[2] in FOLDERS_OF_MODELS]
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for part in (node.left, *node.comparators):
                names_in = part.elts if isinstance(part, ast.Tuple | ast.List | ast.Set) else [part]
                wrong += [
                    f"{path}:{node.lineno} compares a model's name"
                    for one in names_in
                    if isinstance(one, ast.Constant) and one.value in MODELS and "model" in ast.unparse(node)
                ]
        elif path.startswith("pages/") and isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            listed = node.keys if isinstance(node, ast.Dict) else node.elts
            if len(listed) > 1 and all(isinstance(one, ast.Constant) and one.value in MODELS for one in listed):
                wrong.append(f"{path}:{node.lineno} lists models by name")
    return wrong


def files_are_short(path: str, source: str) -> list[str]:
    limit = 60 if path == "app.py" else 300
    n_lines = len(source.splitlines())
    return [f"{path} has {n_lines} lines, more than {limit}"] if n_lines > limit else []


def files_have_names(path: str, source: str) -> list[str]:  # noqa: ARG001 every rule has the same signature
    nameless = NAMELESS & set(path.removesuffix(".py").split("/"))
    return [f"{path} lacks a name" for _ in nameless]


def programs_are_light(path: str, source: str) -> list[str]:
    if path not in LIGHT:
        return []
    allowed = LIGHT[path] | sys.stdlib_module_names
    return [f"{path} imports {name}" for name in imports(parsed(source)) if name.partition(".")[0] not in allowed]


def no_yield_inside_a_mode_of_the_thread(path: str, source: str) -> list[str]:
    def walk(node: ast.AST, inside: bool) -> Iterator[int]:
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            inside = False  # its own frame
        elif isinstance(node, ast.With):
            entered = [item.context_expr for item in node.items]
            modes = {dotted(one.func if isinstance(one, ast.Call) else one).rpartition(".")[2] for one in entered}
            inside = inside or bool(modes & OF_THE_THREAD)
        elif isinstance(node, ast.Yield | ast.YieldFrom) and inside:
            yield node.lineno
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    return [f"{path}:{line} yields inside a mode of the thread" for line in walk(parsed(source), False)]


def what_is_public_has_a_docstring(path: str, source: str) -> list[str]:
    def undocumented(node: ast.Module | ast.ClassDef) -> Iterator[str]:
        for child in node.body:
            if isinstance(child, ast.FunctionDef | ast.ClassDef) and not child.name.startswith("_"):
                if ast.get_docstring(child) is None:
                    yield child.name
                if isinstance(child, ast.ClassDef):
                    yield from (f"{child.name}.{name}" for name in undocumented(child))

    tree = parsed(source)
    found = ["the module", *undocumented(tree)] if ast.get_docstring(tree) is None else list(undocumented(tree))
    return [f"{path}: {name} has no docstring" for name in found] if path.startswith("latentlab/") else []


# --- each holds, and each can fail ---------------------------------------------------------------------------------

CAUGHT: list[tuple[Rule, str, str]] = [
    (one_direction, "latentlab/models/new.py", "from latentlab.training.loop import train"),
    (one_direction, "latentlab/models/new.py", "from latentlab import training"),
    (one_direction, "latentlab/data/new.py", "def f():\n    import latentlab.models"),
    (one_direction, "latentlab/analysis/new.py", "from latentlab.figures.theme import theme"),
    (one_direction, "latentlab/figures/new.py", "from pages.shared import cached"),
    (one_direction, "latentlab/knobs.py", "from latentlab import device"),
    (one_direction, "latentlab/runs.py", "from .store import Store"),
    (one_direction, "latentlab/runs.py", "from latentlab.brand_new import x"),
    (one_direction, "latentlab/brand_new.py", ""),
    (one_direction, "pages/probes/new.py", "from pages.clusters.layout import x"),
    (one_direction, "pages/shared/new.py", "from pages.clusters import page"),
    (one_direction, "pages/shared/new.py", "import pages.clusters.page"),
    (one_direction, "pages/probes/page.py", "import app"),
    (one_direction, "pages/new/page.py", ""),
    (no_streamlit_in_the_library, "latentlab/analysis/new.py", "def f():\n    from streamlit import fragment"),
    (no_streamlit_in_the_library, "latentlab/figures/new.py", "import streamlit.components as c"),
    (one_loop, "latentlab/models/new.py", "loss.value.mean().backward()"),
    (one_loop, "pages/new.py", "torch.autograd.backward(loss)"),
    (state_and_caches_in_shared, "pages/new/page.py", "st.session_state['run'] = 1"),
    (state_and_caches_in_shared, "pages/new/page.py", "@st.cache_data(max_entries=3)\ndef f(): ..."),
    (state_and_caches_in_shared, "pages/new/part.py", "st.session_state.pop('run')"),
    (state_and_caches_in_shared, "pages/components/new/__init__.py", "known = streamlit.session_state.get('run')"),
    (state_and_caches_in_shared, "app.py", "from streamlit import cache_resource as keep"),
    (device_decides, "latentlab/models/new.py", "x = self.encoder(x.cuda())"),
    (no_global_seed, "latentlab/models/new.py", "torch.manual_seed(0)"),
    (no_global_seed, "latentlab/models/new.py", "torch.cuda.manual_seed_all(0)"),
    (no_global_seed, "latentlab/device.py", "def pick():\n    torch.Generator().manual_seed(0)"),
    (no_global_seed, "latentlab/data/new.py", "np.random.seed(0)"),
    (no_global_seed, "pages/new.py", "import random\nrandom.seed(0)"),
    (no_pickle, "latentlab/runs/store.py", "torch.load(path)"),
    (no_pickle, "latentlab/runs/store.py", "from torch import load"),
    (no_pickle, "latentlab/runs/store.py", "import pickle"),
    (no_pickle, "latentlab/data/new.py", "np.load(path, allow_pickle=True)"),
    (abilities_are_nominal, "latentlab/models/new.py", "raise NotImplementedError"),
    (abilities_are_nominal, "pages/new.py", "if hasattr(model, 'decode'): ..."),
    (errors_are_named, "pages/new.py", "try: ...\nexcept Exception as error: ..."),
    (errors_are_named, "latentlab/new.py", "try: ...\nexcept (ValueError, BaseException): ..."),
    (errors_are_named, "latentlab/new.py", "try: ...\nexcept: ..."),
    (imports_are_named, "latentlab/new.py", "from latentlab.nn.layers import *"),
    (models_are_found_by_ability, "pages/new.py", "from latentlab.models.vae.vae import VAE"),
    (models_are_found_by_ability, "pages/new.py", "from latentlab.models.parts.gaussian_vae import GaussianVAE"),
    (models_are_found_by_ability, "latentlab/jobs/new.py", "from latentlab.models import vae"),
    (models_are_found_by_ability, "latentlab/jobs/new.py", "import latentlab.models.energy.gsn"),
    (models_are_found_by_ability, "pages/new.py", "MODELS_HERE = ('dae', 'cae')"),
    (models_are_found_by_ability, "pages/new.py", "IN_SIGHT = {'dae': 1, 'cae': 2}"),
    (models_are_found_by_ability, "pages/new.py", "if run.model == 'gsn': ..."),
    (models_are_found_by_ability, "pages/new.py", "if run.model in ('dae', 'cae'): ..."),
    (files_are_short, "app.py", "\n" * 61),
    (files_are_short, "pages/home/new.py", "\n" * 301),
    (files_are_short, "latentlab/new.py", "\n" * 301),
    (files_have_names, "latentlab/utils.py", ""),
    (files_have_names, "pages/shared/helpers.py", ""),
    (files_have_names, "latentlab/common/names.py", ""),
    (
        programs_are_light,
        "latentlab/data/files/containers/hdf5_copy.py",
        "from latentlab.data.dataset import DataError",
    ),
    (no_yield_inside_a_mode_of_the_thread, "latentlab/new.py", "def f():\n    with torch.no_grad():\n        yield 1"),
    (
        no_yield_inside_a_mode_of_the_thread,
        "latentlab/new.py",
        "def f():\n    with open(p), torch.autocast('cpu'):\n        for x in xs:\n            y = yield from x",
    ),
    (
        no_yield_inside_a_mode_of_the_thread,
        "pages/new.py",
        "def f():\n    with torch.random.fork_rng():\n        with open(p):\n            yield",
    ),
    (what_is_public_has_a_docstring, "latentlab/new.py", '"""New."""\ndef f(): ...'),
    (what_is_public_has_a_docstring, "latentlab/new.py", '"""New."""\nclass C:\n    """C."""\n    def f(self): ...'),
    (what_is_public_has_a_docstring, "latentlab/new.py", "x = 1"),
]
RULES = tuple(dict.fromkeys(rule for rule, _, _ in CAUGHT))

FINE: list[tuple[Rule, str, str]] = [
    (
        one_direction,
        "latentlab/models/new.py",
        "import torch\nfrom latentlab.models import base\nfrom latentlab import nn",
    ),
    (
        one_direction,
        "pages/probes/one.py",
        "from pages.shared import cached\nfrom pages.probes import page\nfrom latentlab.jobs.worker import work",
    ),
    (one_direction, "latentlab/__main__.py", "from latentlab import data, jobs"),
    (state_and_caches_in_shared, "pages/shared/cached.py", "st.cache_data(max_entries=3)(f)"),
    (models_are_found_by_ability, "pages/new.py", "from latentlab.models import MODELS, Decodes"),
    (models_are_found_by_ability, "latentlab/models/new.py", "from latentlab.models.vae.vae import VAE"),
    (device_decides, "latentlab/device.py", "torch.cuda.is_available()"),
    (no_global_seed, "latentlab/device.py", "def generator(seed):\n    return torch.Generator().manual_seed(seed)"),
    (no_pickle, "latentlab/data/new.py", "np.load(path, allow_pickle=False)"),
    (errors_are_named, "latentlab/new.py", "try: ...\nexcept (ValueError, OSError): ..."),
    (
        no_yield_inside_a_mode_of_the_thread,
        "latentlab/new.py",
        "def f():\n    with torch.no_grad():\n        x = g()\n    yield x\n    with open(p):\n        yield",
    ),
    (what_is_public_has_a_docstring, "latentlab/new.py", '"""New."""\ndef _f(): ...\nclass _C:\n    def g(self): ...'),
]


def _label(value: object) -> str:
    return str(getattr(value, "__name__", ""))


@pytest.mark.parametrize("rule", RULES, ids=_label)
@pytest.mark.slow
def test_the_code_keeps_the_rule(rule: Rule) -> None:
    found = files()
    assert len(found) > 20
    assert [sentence for path, source in found for sentence in rule(path, source)] == []


@pytest.mark.parametrize(("rule", "path", "source"), CAUGHT, ids=_label)
def test_the_rule_can_fail(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source)


@pytest.mark.parametrize(("rule", "path", "source"), FINE, ids=_label)
def test_the_rule_lets_pass_what_is_fine(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source) == []


def n_lines_of_pages(found: list[tuple[str, str]]) -> dict[str, int]:
    """Folder of a page -> the lines of its Python."""
    count: dict[str, int] = {}
    for path, source in found:
        if folder := folder_of(path):
            count[folder] = count.get(folder, 0) + len(source.splitlines())
    return count


def test_a_page_stays_within_its_budget() -> None:
    assert n_lines_of_pages([("pages/one/a.py", "\n" * 700), ("pages/one/b.py", "\n" * 600)]) == {"one": 1300}
    assert {folder: n for folder, n in n_lines_of_pages(files()).items() if n > LINES_OF_A_PAGE} == {}


def test_every_module_has_a_name() -> None:
    found = [
        path.relative_to(ROOT).as_posix() for top in ("tests", "benchmarks") for path in (ROOT / top).rglob("*.py")
    ]
    assert [sentence for path in found for sentence in files_have_names(path, "")] == []


def heavy_modules_after(code: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has imported after running `code`."""
    report = f"{code}\nimport sys\nprint(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return HEAVY & set(out.stdout.split())


@pytest.mark.slow
def test_the_library_starts_without_what_is_heavy() -> None:
    assert heavy_modules_after("import latentlab.runs.store, latentlab.jobs.queue") == set()


@pytest.mark.slow
def test_a_heavy_import_is_noticed() -> None:
    assert heavy_modules_after("import sklearn") == {"sklearn"}
