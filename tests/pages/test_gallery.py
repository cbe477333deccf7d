"""The images of a data set by class, and the modes within one, on the page of the user's own data."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from latentlab.analysis.modes import agreement, clearest, modes
from latentlab.data import Library, load
from latentlab.runs.store import Store
from pages.your_data.gallery import EACH, GROUPS, NEAREST, View
from tests.data.files.conftest import pets, write_zip
from tests.pages.conftest import Open, drawn, shows

PNG = re.compile(r'<img [^>]*alt="([^"]*)" src="data:image/png;base64,([^"]*)"')


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Fewer pairs of halves, which take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("latentlab.analysis.modes.N_HALVES", 2)
        patch.setattr("latentlab.analysis.modes.N_STARTS", 2)
        yield


def images_of(app: AppTest) -> dict[str, np.ndarray]:
    """The images that are drawn, by what is said of them."""
    found = [one for element in app.get("html") for one in PNG.findall(str(element.proto.body))]
    return {alt: np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))) for alt, content in found}


def test_nothing_is_read_before_a_data_set_is_chosen(visited: Open) -> None:
    app = visited("your_data")
    assert not drawn(app)
    assert app.selectbox(key="look").value is None
    assert {"digits", "sketches"} <= set(app.selectbox(key="look").options)
    assert "moons" not in app.selectbox(key="look").options


def test_each_class_is_a_row_and_a_class_has_its_modes(visited: Open) -> None:
    app = visited("your_data", look="digits", **{"of-class": "3"})
    assert not app.exception
    train = load("digits").train
    threes = train[train.y == 3]
    images = images_of(app)
    counts = train.y.bincount().tolist()
    for k, name in enumerate(train.classes):
        for j, x in enumerate(train[train.y == k][:EACH].x):
            np.testing.assert_array_equal(images[f"{name} · {counts[k]}, {j + 1}"], x[0])
    of_class = threes.batch().x.numpy()
    found = agreement(of_class, GROUPS)
    best = clearest(found)
    n = (best or found[0]).k
    assert app.button_group(key="groups-digits-3").value == n
    groups = modes(of_class, n, NEAREST)
    assert shows(app, "3", n, *[f"{share:.0%}" for share in groups.share])
    assert shows(app, *[f"{one.k}: {one.mean:.2f}" for one in found])
    nearest = [image for alt, image in images.items() if alt.startswith("Mode 1")]
    for one, x in zip(nearest[1:], threes.x[groups.nearest[0]], strict=True):  # the first is the mean
        np.testing.assert_array_equal(one, x[0])


@pytest.mark.parametrize("view", [View.UPSAMPLED, View.BINARISED])
def test_images_are_shown_larger_or_in_black_and_white(visited: Open, view: View) -> None:
    app = visited("your_data", look="digits", **{"shown-as": view})
    train = load("digits").train
    first = next(iter(images_of(app).values()))
    x = train[train.y == 0].batch().x[0, 0].numpy()
    if view is View.BINARISED:
        np.testing.assert_array_equal(first, 255 * (x >= 0.75))
    else:
        assert first.shape == (32, 32)
        np.testing.assert_allclose(first.reshape(8, 4, 8, 4).mean((1, 3)) / 255, x, atol=0.35)
        assert np.corrcoef(first.reshape(8, 4, 8, 4).mean((1, 3)).ravel(), x.ravel())[0, 1] > 0.95


def test_own_images_are_there_and_few_of_them_have_no_modes(opened: Open, app_store: Store, tmp_path: Path) -> None:
    library = Library(app_store.root / ".data")
    name = library.add(write_zip(tmp_path / "pets.zip", pets(10)))
    app = opened("your_data", look=name)
    assert not app.exception
    assert len([alt for alt in drawn(app) if alt.startswith("cat")]) == len(library.load(name).train.x) // 2
    assert shows(app, "pets.zip")
    assert shows(app, "few", "cat")
    library.remove(name)
    assert not app.run().exception


def test_a_link_to_data_that_are_not_there_shows_the_choice(visited: Open) -> None:
    app = visited("your_data", look="none", **{"shown-as": "upside down"})
    assert not app.exception
    assert not drawn(app)
