"""The page of walks: what is shown, held, and said of it."""

import re
from functools import partial

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from latentlab import data, device
from latentlab.analysis.sampling import record
from latentlab.models.energy.gsn import GSN
from latentlab.runs.store import Store
from latentlab.subjects import find
from pages.components.brush import pack
from pages.gsn.chains import CHAINS, FRAMES, ChainSettings, chain_frames
from pages.shared.masks import given, part
from tests.conftest import numbers_in
from tests.pages.conftest import Open, keys_of, shows

RIGHT = pack(part("right half", 28, 28))


@pytest.fixture(autouse=True)
def kept_examples_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where MNIST itself isn't on the machine."""
    monkeypatch.setattr(data, "is_local", lambda _: False)


def walking(start: str = "examples", mask: str | None = None, every: int = 1) -> ChainSettings:
    return ChainSettings(start, 3, mask, every, 0, 0)


def test_a_walk_is_a_row_and_the_judge_names_its_images(visited: Open) -> None:
    app = visited("gsn")
    assert not app.exception
    assert len(app.image) == 1
    assert len(app.metric) == 4
    assert all(one.proto.wrap for one in app.segmented_control)  # none of the options is cut in a narrow column
    assert shows(app, FRAMES, app.select_slider(key="every").value)  # images, and the steps from one to the next


def test_the_nearest_known_image_stands_below_each(visited: Open) -> None:
    app = visited("gsn", nearest="true")
    assert not app.exception
    assert shows(app, 500)  # as many examples are saved with the run
    assert not shows(visited("gsn"), 500)


def test_the_given_pixels_stay_and_the_hidden_ones_are_drawn() -> None:
    run = find("mnist-gsn-walkback")
    asked = walking("one example", RIGHT)
    frames = chain_frames(run, asked)
    seen = given(run.shape, RIGHT).numpy()
    assert frames.shape == (FRAMES, CHAINS, 1, 28, 28)
    x = (Store.default().examples(run.id).batch().x[3] > 0.5).float().numpy()
    assert (frames[:, :, seen] == (255 * x[seen]).astype(np.uint8)).all()
    assert frames[:, :, ~seen].std(0).mean() > 1
    assert not seen[..., 14:].any()
    assert seen[..., :14].all()


def test_a_hidden_half_is_drawn_nearer_to_the_image_than_the_mean_image_is() -> None:
    run = find("mnist-gsn-walkback")
    examples = Store.default().examples(run.id).batch().x
    x = (examples > 0.5).float()
    errors = []
    for image in range(12):
        asked = ChainSettings("one example", image, RIGHT, 1, 0, 0)
        hidden = ~given(run.shape, RIGHT).numpy()
        drawn = chain_frames(run, asked)[8:].mean((0, 1)) / 255
        errors.append([np.square(one - x[image].numpy())[hidden].mean() for one in (drawn, x.mean(0).numpy())])
    ours, mean = np.mean(errors, 0)
    assert ours < 0.9 * mean


def test_a_box_of_ones_own_can_be_hidden(visited: Open) -> None:
    app = visited("gsn", **{"from": "one image", "missing": "a box"})  # as older links call it
    assert not app.exception
    assert not app.warning
    assert app.slider(key="rows-28").value == (7, 21)


def test_the_laboratory_is_exact_and_walkback_mixes_faster(visited: Open) -> None:
    app = visited("gsn", detail="Exact laboratory")
    assert not app.exception

    def numbers(app: AppTest) -> list[float]:
        text = " ".join(m.value for m in app.markdown if "eigenvalue" in m.value or "conditional" in m.value)
        return [float(n) for n in re.findall(r"\*\*([\d.e-]+)\*\*", text)]

    eigenvalue, entropy, other = numbers(app)  # the two that are 0 but for rounding are words
    assert other > 0.01
    app.session_state["learned"] = "walkback"
    app.run()
    faster, more, other = numbers(app)  # clamped with the corruption that walkback trained on, it is exact
    assert other > 0.01
    assert faster < eigenvalue
    assert more > entropy
    app.session_state["learned"] = "counted"
    app.run()
    assert 1e-4 < numbers(app)[0] < 0.1
    app.multiselect(key="held").set_value([]).run()
    assert not app.exception


CLAIMS = {  # claim -> how many figures, and numbers that are known: of exact laws, and those with seed 0
    "ten values": (1, [0.012, 0.020, 0.027]),
    "ten dimensions": (1, [0.043, 0.34]),
    "one step": (2, [0.46, 0.527]),
    "burn-in": (1, None),
    "perturbation": (1, [5.41]),
    "clamping": (2, [0.095, 0.011]),
    "local noise": (2, [0.977, 3.45]),
    "dependency networks": (1, [0.036, 0.051, 0.054, 0.088]),
}


def test_each_claim_of_the_laboratory_is_shown_with_its_numbers(visited: Open) -> None:
    app = visited("gsn", run="digits-gsn", detail="Exact laboratory", claim="ten values")
    for claim, (n_figures, known) in CLAIMS.items():
        app.session_state["claim"] = claim
        app.run()
        assert not app.exception, claim
        assert not app.warning, claim
        assert len(app.get("plotly_chart")) == n_figures, claim
        found = bold(app)
        assert found, claim
        if known is not None:
            assert found == pytest.approx(known, abs=0.006), claim
    assert len(app.dataframe) == 1
    app.session_state["conditionals"] = "typed in"
    app.run()
    assert not app.exception
    assert bold(app) == [0.48, 0]  # of the source's two variables
    app.slider(key="typed-0").set_value(0.0)
    app.slider(key="typed-1").set_value(1.0)
    app.slider(key="typed-2").set_value(0.0)
    app.slider(key="typed-3").set_value(1.0)
    app.run()
    assert not app.exception
    assert not app.get("plotly_chart")
    app.session_state["conditionals"] = "of digits"
    app.run()
    assert not app.exception
    (likelihood,) = bold(app)
    assert -64 * np.log(2) < likelihood < -5


def bold(app: AppTest) -> list[float]:
    """The numbers that are printed in bold."""
    text = " ".join(m.value for m in app.markdown)
    return [float(n.replace(",", "")) for n in re.findall(r"\*\*([\d.e,-]+)\*\*", text)]


def test_a_link_opens_the_laboratory_as_it_was(visited: Open) -> None:
    address = {"detail": "Exact laboratory", "learned": "walkback", "reach": "1", "held": "2"}
    app = visited("gsn", **address)
    assert not app.exception
    assert next(one for one in app.segmented_control if one.label == "Reconstruction").value == "walkback"
    assert app.slider(key="reach").value == 1
    assert app.multiselect(key="held").value == [2]


def test_the_parzen_estimate_stands_beside_real_images_and_the_sources_table(visited: Open) -> None:
    app = visited("gsn", run="digits-gsn", detail="Parzen estimate")
    assert not app.exception
    ours, source = (table.value for table in app.dataframe)
    assert np.isfinite(ours["log-likelihood"]).all()
    sizes = {numbers_in(name)[0] for name in ours["samples"]}
    assert len(sizes) == 1  # a row can be compared with another only at equal size
    mnist, faces = ([numbers_in(text)[:1] for text in source[f"{name}, reported"]] for name in ("MNIST", "faces (TFD)"))
    assert mnist == [[214], [-152], [], [24], [-244], [138], [32], [121], [225]]
    assert faces == [[1890], [], [], [], [], [1909], [], [2110], [2057]]
    assert all(len(numbers_in(text)) != 1 for text in (*source["MNIST, reported"], *source["faces (TFD), reported"]))
    assert all("±" in text for text in source["MNIST, shipped"][:3])


def test_learned_factors_are_told_and_can_be_chosen(visited: Open) -> None:
    app = visited("gsn", run="digits-gsn-scaled")
    assert "factor" not in keys_of(visited("gsn", run="digits-gsn"), "selectbox")
    app.selectbox(key="factor").select_index(2).run()
    assert not app.exception


def test_noise_is_a_start_too(visited: Open) -> None:
    app = visited("gsn", **{"from": "noise"})
    assert not app.exception
    frames = chain_frames(find("mnist-gsn-walkback"), walking("noise"))
    assert torch.from_numpy(frames[-1]).float().mean() < 100


def test_a_snapshot_has_its_own_chain(visited: Open) -> None:
    app = visited("gsn", run="digits-gsn", moment="epoch 10")
    assert not app.exception
    assert app.select_slider(key="moment").value == "epoch 10"
    run, store = find("digits-gsn"), Store.default()
    x = store.examples(run.id).batch().x[:CHAINS]
    for epoch in (10, None):
        model, rng = store.load(run.id, epoch), device.generator(0)
        assert isinstance(model, GSN)
        wanted = record(partial(model.step, rng=rng), model.expected, model.start(model.prepare(x)), FRAMES)
        np.testing.assert_array_equal(chain_frames(run, ChainSettings("examples", 0, None, 1, 0, 0, epoch)), wanted)
