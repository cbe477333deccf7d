"""What is hidden of an image: masks as text, and pages that hide exactly what a link says."""

import base64
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from latentlab import data
from latentlab.analysis.sampling.plane import SIDE
from latentlab.data import to_bytes
from latentlab.figures.sheets import sheet_png
from latentlab.models.energy.gsn import GSN
from latentlab.models.vae.vae import VAE
from latentlab.runs.store import Store
from latentlab.subjects import find
from pages.components.brush import brush, pack, unpack
from pages.gsn.chains import CHAINS, FRAMES
from pages.sampling.experiment import Setup, played
from pages.shared.masks import PARTS, given, part
from tests.conftest import mentions, naming, save_coloured_run
from tests.pages.conftest import Open, words

Images = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@pytest.fixture(autouse=True)
def kept_examples_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where MNIST itself isn't on the machine."""
    monkeypatch.setattr(data, "is_local", lambda _: False)


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> list[Images]:
    """What a page draws as sheets of images, before it is made into PNGs."""
    found: list[Images] = []

    def told(images: Images, columns: int, scale: int) -> bytes:
        found.append(images)
        return sheet_png(images, columns, scale=scale)

    for module in ("pages.shared.images", "pages.shared.masks", "latentlab.figures.examples.images"):
        monkeypatch.setattr(f"{module}.sheet_png", told)
    return found


def blot(height: int = 28, width: int = 28, seed: int = 0) -> Mask:
    """A mask that is no rectangle: some pixels of the middle."""
    hidden = np.random.default_rng(seed).random((height, width)) < 0.6
    return hidden & part("middle", height, width)


def under_the_brush(app: AppTest) -> tuple[Images, Mask]:
    """The image (H, W) that the brush is given, and what it hides at first."""
    (component,) = (c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.brush")
    sent = json.loads(component.proto.json)
    _, height, width = sent["shape"]
    hidden = unpack(sent["mask"], height, width)
    assert hidden is not None
    return np.frombuffer(base64.b64decode(sent["image"]), np.uint8).reshape(sent["shape"])[0], hidden


# --- masks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (3, 3), (1, 1), (5, 13), (64, 64)])
def test_a_mask_is_text_and_back(shape: tuple[int, int]) -> None:
    for seed in range(20):
        hidden = np.random.default_rng(seed).random(shape) < 0.5
        text = pack(hidden)
        back = unpack(text, *shape)
        assert back is not None
        np.testing.assert_array_equal(back, hidden)


def test_the_text_has_a_bit_for_each_pixel_row_by_row() -> None:
    hidden = np.zeros((8, 8), bool)
    hidden[0, 0] = hidden[0, 7] = hidden[1, 6] = True  # bytes 10000001, 00000010
    assert base64.urlsafe_b64decode(pack(hidden) + "=") == bytes([0b10000001, 0b00000010, 0, 0, 0, 0, 0, 0])
    assert len(pack(np.ones((28, 28), bool))) == 131  # 98 bytes


@pytest.mark.parametrize(
    "text",
    [
        "", "A", "middle", pack(part("middle", 8, 8)), "A" * 130, "A" * 132, "A" * 130 + "=", "A" * 130 + "é",
        "A" * 130 + "\n", "A" * 130 + "+", "A" * 130 + "B", "A" * 130 + " ", "\0" * 131,
    ],
)  # fmt: skip
def test_nonsense_is_no_mask(text: str) -> None:
    assert unpack("A" * 131, 28, 28) is not None
    assert unpack(text, 28, 28) is None


@pytest.mark.parametrize("told", [None, 7, ["A"], {"mask": 1}, "", "<script>", "A" * 130, "A" * 5_000_000])
def test_nonsense_of_a_browser_leaves_the_mask_as_it_was(monkeypatch: pytest.MonkeyPatch, told: object) -> None:
    before, after = pack(blot()), pack(blot(seed=1))
    image = np.zeros((1, 28, 28), np.uint8)
    monkeypatch.setattr("pages.components.brush._brush", lambda **_: SimpleNamespace(mask=told))
    assert brush("key", image, before) == before
    monkeypatch.setattr("pages.components.brush._brush", lambda **_: SimpleNamespace(mask=after))
    assert brush("key", image, before) == after


def test_channels_are_hidden_together_and_columns_one_by_one() -> None:
    hidden = blot(6, 5)
    np.testing.assert_array_equal(given((3, 6, 5), pack(hidden)).numpy(), np.broadcast_to(~hidden, (3, 6, 5)))
    columns = np.arange(13)[None] == 1
    np.testing.assert_array_equal(given((13,), pack(columns)).numpy(), ~columns[0])
    np.testing.assert_array_equal(given((6, 5), pack(hidden)).numpy(), ~hidden)  # a series: times, then columns
    assert given((3, 6, 5), None).all()
    with pytest.raises(ValueError, match=naming("8 × 8")):
        given((1, 8, 8), pack(hidden))


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (7, 5)])
def test_halves_are_complements_and_the_middle_is_in_the_middle(size: tuple[int, int]) -> None:
    parts = {name: part(name, *size) for name in PARTS}
    np.testing.assert_array_equal(parts["left half"], ~parts["right half"])
    np.testing.assert_array_equal(parts["top half"], ~parts["bottom half"])
    assert not parts["left half"][:, -1].any()
    assert not parts["top half"][-1].any()
    middle = parts["middle"]
    np.testing.assert_array_equal(middle, middle[::-1, ::-1])
    assert 0 < middle.sum() < middle.size / 2


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("run", "side"), [("mnist-gsn", 28), ("digits-gsn", 8)])
def test_a_link_hides_exactly_its_pixels_of_a_walk(opened: Open, sheets: list[Images], run: str, side: int) -> None:
    hidden = blot(side, side)
    address = {"run": run, "from": "one example", "image": "3", "missing": "brush", "mask": pack(hidden)}
    app = opened("gsn", **address)
    assert not app.exception
    assert not app.error
    assert "mask" not in words(app)
    shown, at_first = under_the_brush(app)
    np.testing.assert_array_equal(at_first, hidden)
    assert app.query_params["mask"] == pack(hidden)
    walks = sheets[-1].reshape(CHAINS, FRAMES, side, side)
    assert (walks[:, :, ~hidden] == shown[~hidden]).all()
    np.testing.assert_array_equal((walks != shown).any((0, 1)), hidden)


@pytest.mark.parametrize("kind", [GSN, VAE])
def test_the_channels_of_a_coloured_image_are_hidden_together(
    opened: Open, app_store: Store, sheets: list[Images], kind: type[GSN] | type[VAE]
) -> None:
    run, hidden = save_coloured_run(app_store, kind), np.zeros((6, 5), bool)
    hidden[1, 2] = hidden[3, 1:4] = True
    x = app_store.examples(run.id).x[3].numpy()
    address = {"run": run.id, "image": "3", "missing": "brush", "hidden": "brush", "mask": pack(hidden)}
    app = opened("gsn" if kind is GSN else "sampling", **address, **{"from": "one example"})
    assert not app.exception
    assert not app.error
    if kind is VAE:
        np.testing.assert_array_equal(sheets[0][0], np.where(hidden, 102, x))
        return
    walks = sheets[-1].reshape(-1, 3, 6, 5)
    assert (walks[..., ~hidden] == x[..., ~hidden]).all()
    np.testing.assert_array_equal((walks != x).any(0), np.broadcast_to(hidden, (3, 6, 5)))


def test_a_mask_of_another_size_is_a_sentence_and_the_middle_is_hidden(visited: Open) -> None:
    app = visited("gsn", run="digits-gsn", missing="brush", mask=pack(blot()), **{"from": "one example"})
    assert not app.exception
    assert [mentions(w.value, "8 × 8") for w in app.warning if "mask" in w.value] == [True]
    np.testing.assert_array_equal(under_the_brush(app)[1], part("middle", 8, 8))
    assert app.query_params["mask"] == pack(part("middle", 8, 8))
    app.run()
    assert not [w for w in app.warning if "mask" in w.value]


def test_what_was_painted_is_kept_while_another_part_or_model_is_tried(visited: Open) -> None:
    hidden = blot()
    app = visited("gsn", missing="brush", mask=pack(hidden), **{"from": "one example"})
    app.selectbox(key="missing").select("left half").run()
    assert "mask" not in app.query_params
    app.selectbox(key="missing").select("brush").run()
    np.testing.assert_array_equal(under_the_brush(app)[1], hidden)
    assert app.query_params["mask"] == pack(hidden)
    app.selectbox(key="picked").select("digits-gsn").run()
    assert not app.exception
    assert not [w for w in app.warning if "mask" in w.value]
    np.testing.assert_array_equal(under_the_brush(app)[1], part("middle", 8, 8))
    app.selectbox(key="picked").select("mnist-gsn-walkback").run()
    np.testing.assert_array_equal(under_the_brush(app)[1], hidden)


@pytest.mark.slow
def test_without_the_browser_a_box_at_a_time_is_painted(opened: Open, sheets: list[Images]) -> None:
    app = opened(
        "gsn", missing="brush", mask=pack(np.zeros((28, 28), bool)), **{"from": "one example", "by-hand": "false"}
    )

    def painted() -> Mask:
        assert not app.exception
        hidden = unpack(app.query_params["mask"], 28, 28)
        assert hidden is not None
        return hidden

    def press(label: str) -> None:
        app.button(key=f"paint-{label}").click().run()

    expected = np.zeros((28, 28), bool)
    np.testing.assert_array_equal(painted(), expected)
    app.slider(key="rows-28").set_value((2, 10)).run()
    app.slider(key="columns-28").set_value((3, 20)).run()
    press("hide")
    expected[2:10, 3:20] = True
    np.testing.assert_array_equal(painted(), expected)
    app.slider(key="rows-28").set_value((4, 6)).run()
    press("show")
    expected[4:6, 3:20] = False
    np.testing.assert_array_equal(painted(), expected)
    x = Store.default().examples("mnist-gsn").x[0, 0].numpy()
    np.testing.assert_array_equal(sheets[-2][0, 0], np.where(expected, 102, x))
    press("invert")
    np.testing.assert_array_equal(painted(), ~expected)
    app.toggle(key="by-hand").set_value(True).run()
    np.testing.assert_array_equal(under_the_brush(app)[1], ~expected)
    app.toggle(key="by-hand").set_value(False).run()
    press("all")
    assert painted().all()
    press("none")
    assert not painted().any()


def test_a_link_hides_exactly_its_pixels_of_a_posterior(opened: Open, sheets: list[Images]) -> None:
    hidden = blot()
    app = opened("sampling", hidden="brush", image="5", mask=pack(hidden))
    assert not app.exception
    assert not app.error
    x = Store.default().examples("mnist-vae-2d").batch().x[5]
    shown, at_first = under_the_brush(app)
    np.testing.assert_array_equal(shown, to_bytes(x)[0])
    np.testing.assert_array_equal(at_first, hidden)
    np.testing.assert_array_equal(sheets[0][0, 0], np.where(hidden, 102, shown))


def test_the_posterior_weighs_the_seen_pixels_alone() -> None:
    run, hidden = find("mnist-vae-2d"), blot()
    model = Store.default().load(run.id)
    assert isinstance(model, VAE)
    setup = Setup("posterior of an example", "random walk", 0, "data", "exact", 10, 20, 10, 0, 5, pack(hidden))
    found = played(run, setup)
    assert found.density is not None
    xs, ys = (low + (np.arange(SIDE) + 0.5) / SIDE * (high - low) for low, high in (found.box.x, found.box.y))
    z = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2).astype(np.float32)
    x = (Store.default().examples(run.id).batch().x[5, 0] > 0.5).numpy()[~hidden]
    with torch.no_grad():
        p = model.decode(torch.from_numpy(z))[:, 0].double().numpy()[:, ~hidden]
    log_prob = np.log(np.where(x, p, 1 - p)).sum(1) - 0.5 * np.square(z).sum(1)
    by_hand = np.exp(log_prob - log_prob.max()).reshape(SIDE, SIDE)
    np.testing.assert_allclose(found.density, by_hand, atol=2e-3)


@pytest.mark.parametrize("page", ["gsn", "sampling"])
@pytest.mark.parametrize("share", [0, 1])
def test_nothing_and_everything_can_be_hidden(visited: Open, page: str, share: int) -> None:
    mask = pack(np.full((28, 28), bool(share)))
    app = visited(page, missing="brush", hidden="brush", mask=mask, **{"from": "one example"})
    assert not app.exception
    assert not app.error
    assert app.query_params["mask"] == mask


def test_a_box_hides_a_part_of_a_posteriors_image_too(opened: Open, sheets: list[Images]) -> None:
    app = opened("sampling", hidden="a box")
    app.slider(key="rows-28").set_value((0, 3)).run()
    assert not app.exception
    *_, gray = (hidden for sheet in sheets if (hidden := (sheet[0, 0] == 102)[:3]).any())  # of the last such sheet
    assert gray[:, 7:21].all()
    assert not gray[:, :7].any()
