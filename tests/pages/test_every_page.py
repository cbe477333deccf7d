"""Every page, as a visitor may find it: by default, in the dark, with nothing to show, and with a nonsensical link."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node, Widget

from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from pages import navigation
from tests.conftest import ROOT, mentions
from tests.pages.conftest import Open, path_of, words

PAGES = tuple(page.name for page in navigation.PAGES)
FIRST = {  # the run that a page opens with, and its title, where it isn't the usual one
    "analogies": ("mnist-cvae", "MNIST, class and style"),
    "score_field": ("spiral-dae", "Spiral"),
    "few_labels": ("moons-adgm", "Half-moons, six labels"),
    "layers": ("digits-five-layers-lvae", "Digits, five layers: ladder VAE"),
    "cluster_aware": ("digits-cagem-plane", "Digits, 100 labels: z2 on a plane"),
    "adversarial": ("gaussian-gan", "A Gaussian, adversarial"),
    "gsn": ("mnist-gsn", "MNIST, GSN of two layers"),
    "pixels": ("digits-pixelcnn-classes", "Digits, autoregressive given the class"),
    "curvature": ("digits-rmsprop", "Digits, RMSProp"),
    "importance_sampling": ("digits-sgd", "Digits, SGD"),
    "classifier": ("sketches-cnn", "Sketches classifier"),
    "factors": ("shapes-beta-vae", "Shapes, β-VAE"),
    "generated": ("sketches-vae", "Sketches in 14 dimensions"),
    "monitoring": ("photovoltaic-vae", "Solar plant, normal days"),
}
NO_SUBJECT = ("your_data", "lessons", "families", "sweeps", "transfer")
USUAL = ("mnist-vae-2d", "MNIST in 2 dimensions")
ZOOMED = {"box": "-0.2,0.2,-0.2,0.2"}
ONE_IMAGE = {"from": "one example"}
CROWDED: list[tuple[str, dict[str, str], dict[str, str]]] = [  # a page, an address, and what is chosen then
    ("traversal", {"run": "mnist-vae-20d", "live": "false"}, {}),
    ("clusters", {"run": "mnist-vae-20d", "method": "Directions", "deep": "true"}, {}),
    ("clusters", {"method": "UMAP"}, {}),
    ("score_field", ZOOMED, {}),
    ("score_field", ZOOMED, {"of-run": "optimum of the density"}),
    ("score_field", ZOOMED, {"of-run": "optimum of points"}),
    ("score_field", ZOOMED, {"of-run": "train now"}),
    ("score_field", ZOOMED | {"whose": "my points"}, {}),
    ("score_field", ZOOMED | {"whose": "my points"}, {"of-mine": "train now"}),
    ("analogies", {}, {}),
    ("analogies", {"run": "mnist-cvae"}, {}),
    ("few_labels", {}, {}),
    ("cluster_aware", {}, {}),
    ("sampling", {"hidden": "a box", "sampler": "HMC"}, {}),
    ("sampling", {"hidden": "brush"}, {}),
    ("sampling", {"hidden": "brush", "by-hand": "false"}, {}),
    ("gsn", ONE_IMAGE | {"missing": "a box"}, {}),
    ("gsn", ONE_IMAGE | {"missing": "brush", "run": "digits-gsn-scaled"}, {}),
    ("gsn", ONE_IMAGE | {"missing": "brush", "by-hand": "false"}, {}),
    ("probes", {}, {}),
    ("classifier", {}, {}),
    ("monitoring", {}, {}),
    ("monitoring", {"readings": "my own", "threshold": "cost"}, {}),
    ("train", {}, {"model": "vae"}),
    ("train", {}, {"model": "m2"}),
]
NONSENSE = {"run": "../../etc/passwd", "z": "nan,1e99,<script>", "spacing": "sideways", "job": "\x00", "axis": "-1"}


def test_each_page_is_in_the_list() -> None:
    assert {path.parent.name for path in (ROOT / "pages").glob("*/page.py")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_with_a_model_chosen_and_a_picture(visited: Open, page: str) -> None:
    assert_in_order(visited(page), page)


@pytest.mark.slow
def test_in_the_dark_each_page_follows_the_one_before(visited: Open) -> None:
    app = visited("home", "dark")
    assert_in_order(app, "home")
    others = sorted((page for page in PAGES if page not in ("home", "train")), key=FIRST.__contains__)
    # training first: AppTest keeps what a control said for another of the same key, and two are called "start"
    for page in ("train", *others, "home"):
        # of the pages that open with a run of their own, these can show the one that was chosen before, and keep it
        first = USUAL[0] if page in ("analogies", "curvature", "factors", "generated") else None
        assert_in_order(app.switch_page(path_of(page)).run(), page, first)


def assert_in_order(app: AppTest, page: str, first: str | None = None) -> None:
    assert not app.exception, (page, app.exception)
    assert not app.error, (page, app.error)
    if page not in NO_SUBJECT:
        assert app.selectbox(key="picked").value == (first or FIRST.get(page, USUAL)[0])
    assert app.image or app.get("plotly_chart") or app.get("bidi_component"), page


@pytest.mark.parametrize(("page", "address", "chosen"), CROWDED)
def test_at_most_seven_controls_stand_beside_the_picture(
    visited: Open, page: str, address: dict[str, str], chosen: dict[str, str]
) -> None:
    app = visited(page, **address)
    for key, value in chosen.items():
        app.session_state[key] = value
        app.run()
    assert not app.exception
    assert app.query_params.items() >= address.items()
    beside = [controls(column) for column in columns_of(app.main)]
    assert any(beside)
    assert all(len(names) <= 7 for names in beside), beside


def columns_of(node: Node) -> Iterator[Node]:
    """The outermost columns of what is no tab and isn't folded."""
    for child in node.children.values() if isinstance(node, Block) else ():
        if child.type == "column":
            yield child
        elif child.type not in ("tab_container", "expander", "popover"):
            yield from columns_of(child)


def folded(node: Node, within: bool = False) -> Iterator[Node]:
    """Whatever is only there once something is opened."""
    within = within or node.type in ("popover", "expander")
    for child in node.children.values() if isinstance(node, Block) else ():
        if within:
            yield child
        yield from folded(child, within)


def controls(node: Node) -> list[str]:
    """What there is to be used in a column: a popover is one, whatever is in it, and so is a component."""
    if node.type in ("popover", "bidi_component", "file_uploader") or isinstance(node, Widget):
        return [getattr(node, "label", "") or node.type]
    children = node.children.values() if isinstance(node, Block) and node.type != "expander" else ()
    return [name for child in children for name in controls(child)]


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_is_said_and_leads_to_training(
    opened: Open, page: str, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr(Store, "default", classmethod(lambda _: store))
    app = opened(page)
    assert not app.exception
    if page == "train":
        assert app.button(key="train")
    elif page in ("lessons", "families", "sweeps", "transfer"):
        assert app.get("page_link")
    elif page in NO_SUBJECT:
        assert app.file_uploader
    elif next(one.data for one in navigation.PAGES if one.name == page):  # it shows data without a model too
        assert str(app.selectbox(key="picked").value).startswith("data:")
    else:
        assert app.info
        assert app.get("page_link")
        assert [*app.image, *app.get("plotly_chart")] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page not in NO_SUBJECT])
def test_nonsense_in_the_address_is_one_sentence_and_the_default(visited: Open, page: str) -> None:
    app = visited(page, **NONSENSE)
    assert not app.exception
    assert app.selectbox(key="picked").value == FIRST.get(page, USUAL)[0]
    asked = NONSENSE["job" if page == "train" else "run"]
    assert sum(f"“{asked}”" in warning.value for warning in app.warning) == 1
    assert "Traceback" not in words(app)


def test_a_link_to_a_run_that_is_not_here_opens_another_without_the_place_in_it(visited: Open) -> None:
    app = visited("traversal", run="nope", z="1.00,1.00", weights="0123")
    (warning,) = app.warning
    assert mentions(warning.value, "“nope”", f"“{USUAL[1]}”")
    assert not {"z", "weights"} & app.query_params.keys()
    app.run()
    assert app.query_params["run"] == "nope"  # so that it is said again when the page is loaded anew
    assert app.warning
    app.selectbox(key="picked").select("mnist-vae-20d").run()
    assert app.query_params["run"] == "mnist-vae-20d"
    assert not app.warning


@pytest.mark.parametrize("page", PAGES)
def test_a_run_whose_weights_are_damaged_is_a_sentence(
    opened: Open, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def damaged(self: Store, run_id: str, epoch: int | None = None) -> None:  # noqa: ARG001
        loaded.append(run_id)
        raise RunError("weights.safetensors: gone.")

    monkeypatch.setattr(Store, "load", damaged)
    app = opened(page)
    assert not app.exception
    if not loaded:  # a page that needs no parameters shows what it shows
        assert not app.error
        return
    (error,) = app.error
    assert not [node for node in folded(app.main) if node.type == "error"]
    assert mentions(error.value, f"“{FIRST.get(page, USUAL)[1]}”", "weights.safetensors: gone.")


@pytest.mark.slow
def test_a_model_of_points_is_not_for_pages_of_images(opened: Open, app_store: Store) -> None:
    job_id = queue.submit(app_store, "vae", "moons", {"hidden": 8}, {"epochs": 1, "batch_size": 5_000})
    for _ in perform(app_store, job_id):
        pass
    for page in ("home", "traversal", "probes"):
        app = opened(page, run=job_id)
        assert not app.exception
        assert job_id not in app.selectbox(key="picked").options
        assert any(mentions(warning.value, f"“{job_id}”") for warning in app.warning)
    app = opened("train", run=job_id)
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="picked").value == job_id


def test_the_chosen_model_stays_chosen_on_the_next_page(visited: Open) -> None:
    app = visited("home")
    app.selectbox(key="picked").select("mnist-vae-20d").run()
    app.switch_page(path_of("traversal")).run()
    assert app.selectbox(key="picked").value == "mnist-vae-20d"
    assert app.query_params["run"] == "mnist-vae-20d"


def test_a_link_chooses_the_model(visited: Open) -> None:
    assert visited("traversal", run="mnist-vae-20d").selectbox(key="picked").value == "mnist-vae-20d"


@pytest.mark.slow
def test_the_first_page_needs_neither_umap_nor_scikit_learn(tmp_path: Path) -> None:
    script = (
        "import sys; from streamlit.testing.v1 import AppTest;"
        "app = AppTest.from_file('app.py', default_timeout=60).run(); assert not app.exception and app.image;"
        "sys.exit(' '.join(sorted({'umap', 'sklearn', 'numba', 'scipy'} & set(sys.modules))) or 0)"
    )
    environment = {"LATENTLAB_RUNS": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
