"""The main picture: inputs and what became of them side by side, or samples, with the classifier's prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from latentlab import device
from latentlab.analysis.arrays import Floats
from latentlab.analysis.classification.preprocessing import AS_THEY_ARE, OTHER_RANGE, THRESHOLDED, Both
from latentlab.analysis.conditional.analogies import from_all_classes
from latentlab.analysis.generated.images import BINARISED, REAL
from latentlab.analysis.generated.recognition import SEED, Recognition
from latentlab.figures.examples.images import Images
from latentlab.subjects import Subject
from pages.generated.computed import WAYS, Pairs, few_images, pairs
from pages.shared.example_view import one_by_one
from pages.shared.linked_choice import linked_choice

SHOWN = 18
WIDTH, GAP = 62, 2  # pixels of an image on the page, and columns of an image between the two of a pair
BETWEEN = 0.5
ALL, LOST = "any", "only lost ones"
RIGHT, WRONG = "✓", "✗"


@dataclass(frozen=True)
class View:
    """What the visitor chose.

    Attributes:
        name: of the images, one of those that were generated.
        way: how they are changed before the classifier sees them.
        which: `ALL` or `LOST`.
        seed: of the choice among them.
    """

    name: str
    way: str
    which: str
    seed: int


def choose_view(run: Subject) -> View:
    """Let the visitor choose the images, how they are changed, and which are shown."""
    names = [name for name in few_images(run).images if name not in (REAL, BINARISED)]
    name = st.selectbox("Images", names, key="shown", bind="query-params")
    cut = st.toggle("Cut at one half", key="cut", bind="query-params", help=THRESHOLDED.sentence)
    other = st.toggle("[0, 1] for [−1, 1]", key="range", bind="query-params", help=OTHER_RANGE.sentence)
    which = ALL
    if few_images(run).images[name].y is not None:
        about = "Lost: the input is recognised, and what became of it isn't."
        which = linked_choice("Which", (ALL, LOST), ALL, "which", help=about)
    seed = int(st.number_input("Choice", 1, 999, 1, key="choice", bind="query-params"))
    return View(name, _way(cut, other), which, seed)


def _way(cut: bool, other: bool) -> str:
    if cut and other:
        return Both(THRESHOLDED, OTHER_RANGE).name
    return (THRESHOLDED if cut else OTHER_RANGE if other else AS_THEY_ARE).name


def draw_pairs(run: Subject, by: Subject, view: View) -> None:
    """Each input beside its reconstruction with both predictions, or samples with theirs."""
    found = pairs(run, by, view.way)
    chosen = _chosen(found, view)
    if not chosen:
        st.info("Of these examples none is lost.", icon=":material/check:")
        return
    of = found.found[view.name]
    x = as_classified(found, view.name, view.way)
    if not _is_of_inputs(found, view.name):
        titles = [said(of, i, run.classes) for i in chosen]
        one_by_one(Images(run.shape), x[chosen], titles, WIDTH)
        return
    inputs = found.found[found.made.encoded]
    both = side_by_side(as_classified(found, found.made.encoded, view.way)[chosen], x[chosen])
    titles = [
        f"{_name(run.classes, int(of.y[i]))}\nin {said(inputs, i, run.classes)}\nout {said(of, i, run.classes)}"
        for i in chosen
        if of.y is not None
    ]
    one_by_one(Images(both.shape[1:]), both, titles, 2 * WIDTH)


def as_classified(found: Pairs, name: str, way: str) -> Floats:
    """(N, *shape) images as the classifier is given them."""
    x: Floats = WAYS[way].apply(found.made.images[name].x, device.generator(SEED)).numpy()
    return x


def side_by_side(left: Floats, right: Floats) -> Floats:
    """(N, C, H, W) twice -> (N, C, H, 2 W + GAP): pair i is of both ith images."""
    between = np.full((*left.shape[:-1], GAP), BETWEEN, np.float32)
    return np.concatenate([left, between, right], -1).astype(np.float32)


def said(found: Recognition, i: int, classes: Sequence[str]) -> str:
    """The prediction for image i, with how sure it is, and whether it is right where that is known."""
    mark = "" if found.right is None else f"{RIGHT if found.right[i] else WRONG} "
    return f"{mark}{_name(classes, int(found.predicted[i]))} {found.probability[i]:.0%}"


def about(view: View, found: Pairs) -> str:
    """What a pair is, in words."""
    changed = "" if view.way == AS_THEY_ARE.name else f" They are shown as the classifier is given them: {view.way}."
    if not _is_of_inputs(found, view.name):
        return f"Under each image what the classifier predicts, and how sure it is.{changed}"
    return (
        "Left the input, right what became of it. Under them the true class, the prediction for the input, and that "
        f"for the output, each with how sure the classifier is.{changed}"
    )


def _is_of_inputs(found: Pairs, name: str) -> bool:
    """Whether image i was made of example i, and not of the prior."""
    return "reconstructed" in name and found.made.images[name].y is not None


def _chosen(found: Pairs, view: View) -> list[int]:
    """The images that are shown, of all classes."""
    of, rng = found.found[view.name], np.random.default_rng(view.seed)
    groups = of.predicted if of.y is None else of.y
    rows = np.arange(len(groups))
    if view.which == LOST and of.right is not None:
        right = found.found[found.made.encoded].right
        assert right is not None
        rows = rows[right & ~of.right]
    return [int(rows[i]) for i in from_all_classes(groups[rows], SHOWN, rng)]


def _name(classes: Sequence[str], k: int) -> str:
    return classes[k] if 0 <= k < len(classes) else "no class"
