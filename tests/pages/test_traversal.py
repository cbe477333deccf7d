"""The traversal page: a slider, a button or a link moves the picture."""

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from latentlab.store import Store
from tests.pages.conftest import Open, words


def picture(app: AppTest) -> str:
    """The address of the decoded image: it is named after its content."""
    url: str = app.image[0].proto.imgs[0].url
    return url


def test_a_slider_changes_the_picture_and_back_again(opened: Open) -> None:
    app = opened("traversal")
    before = picture(app)
    app.slider(key="z0").set_value(1.5).run()
    assert picture(app) != before
    app.slider(key="z0").set_value(0.0).run()
    assert picture(app) == before


def test_a_link_sets_the_sliders(opened: Open) -> None:
    app = opened("traversal", z="1.5,-0.25")
    assert (app.slider(key="z0").value, app.slider(key="z1").value) == (1.5, -0.25)


@pytest.mark.parametrize("z", ["1,2,3", "nan,0", "0,3.5", "a,b", "1"])
def test_a_link_to_nowhere_is_said(opened: Open, z: str) -> None:
    app = opened("traversal", z=z)
    assert not app.exception
    assert app.slider(key="z0").value == 0
    assert "“z” is not 2 numbers between -3 and 3" in words(app)


def test_sliders_are_sorted_by_kl_and_inactive_ones_are_named(opened: Open) -> None:
    app = opened("traversal", run="mnist-vae-20d")
    labels = [slider.label for slider in app.slider]
    assert len(labels) == 20
    active = [label for label in labels if "nats" in label]
    nats = [float(label.split("·")[1].split()[0]) for label in active]
    assert nats == sorted(nats, reverse=True)
    assert labels == active + [label for label in labels if label.startswith(":gray[") and "inactive" in label]


def test_the_buttons_set_the_sliders(opened: Open) -> None:
    app = opened("traversal")
    app.button(key="sample").click().run()
    first = app.slider(key="z0").value
    app.button(key="sample").click().run()
    assert first != 0
    assert app.slider(key="z0").value != first
    app.button(key="encode").click().run()
    code = [app.slider(key="z0").value, app.slider(key="z1").value]
    with torch.no_grad():
        codes = Store.default().load("mnist-vae-2d").encode(Store.default().examples("mnist-vae-2d").batch().x)  # type: ignore[operator]
    assert np.abs(codes.clamp(-3, 3).numpy() - code).max(1).min() < 1e-4
    app.button(key="zero").click().run()
    assert app.slider(key="z0").value == 0


def test_the_manifold_comes_with_two_spacings(opened: Open) -> None:
    app = opened("traversal")
    quantile = app.get("plotly_chart")[0].proto.spec
    app.segmented_control(key="spacing").set_value("linear").run()
    assert app.get("plotly_chart")[0].proto.spec != quantile


def test_strips_are_drawn_for_the_chosen_dimensions(opened: Open) -> None:
    app = opened("traversal", run="mnist-vae-20d")
    app.multiselect(key="strips-mnist-vae-20d").set_value([3, 0]).run()
    assert '"ticktext":["z4","z1"]' in app.get("plotly_chart")[0].proto.spec
    app.multiselect(key="strips-mnist-vae-20d").set_value([]).run()
    assert "Choose at least one dimension" in words(app)
