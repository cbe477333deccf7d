"""The tab of what it looks at: its feature maps and what hiding a patch changes, and how changed examples fare."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.activations import NetworkLayer, activations, layers
from latentlab.analysis.arrays import Floats
from latentlab.analysis.classification.preprocessing import FLIPPED, Preprocessing, offered
from latentlab.data import Kind, to_bytes
from latentlab.figures.classification.accuracy import accuracy_dots, probability_bars
from latentlab.figures.classification.inside import MAPS, feature_maps, occlusion_figure
from latentlab.subjects import Subject
from pages.classifier.predicted import Shown, changed, classify, hidden, under_each
from pages.classifier.sheets import NUMBERS, WIDTH, draw, title
from pages.shared import cached
from pages.shared.background import Waiting, show_tasks
from pages.shared.conditional import labelled
from pages.shared.example_view import few_columns, one_by_one
from pages.shared.header import look
from pages.shared.images import figure, sheet
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

EXAMPLE: Slot[int] = Slot("example")  # among the saved ones
LAYER: Slot[str] = Slot("inner")
WAY: Slot[str] = Slot("way")
EXAMPLES = 12  # of a changed set
PROBABILITY, ODDS = "probability", "log-odds"


def draw_inside(run: Subject, shown: Shown, names: tuple[str, ...]) -> None:
    """One example through the layers and under a patch; then all of them, changed."""
    first = [*shown.found.confident(False, 1), *shown.found.confident(True, 1)]
    _layers(run, shown, names, int(first[0]))
    st.markdown("**Accuracy, if the examples are changed first**")
    _preprocessing(run, names)


def _layers(run: Subject, shown: Shown, names: tuple[str, ...], first: int) -> None:
    n = len(shown.data)
    controls, bars, map_place = st.columns([3, 4, 5], gap="large")
    with controls:
        EXAMPLE.settle(range(n), first, of=run.id)
        index = int(st.number_input("Example", 0, n - 1, first, key=EXAMPLE.name, bind="query-params"))
        drawn, said = few_columns(run), title(shown, names, index)
        one_by_one(drawn, shown.x([index]), [said], 2 * WIDTH)
        if numbers := drawn.lines(shown.x([index]).numpy()[0])[:NUMBERS]:
            st.caption(plain(", ".join(numbers)))
        found = layers_of(run)
        known = [f"{one.name} ({'×'.join(map(str, one.shape))})" for one in found]
        if known:
            LAYER.settle(known, known[0], of=run.id)
            chosen = st.selectbox("Layer", known, key=LAYER.name, bind="query-params")
    p = np.exp(shown.found.log_probs[index].astype(np.float64))
    with bars:
        st.markdown(":small[**Probabilities**]")
        figure(probability_bars(p, names, int(shown.found.y[index]), look()), "The probability of each class")
    with map_place:
        _occlusion(run, names, index, int(p.argmax()))
    if known:
        layer = found[known.index(chosen)]
        st.markdown(f":small[**Layer {plain(layer.name)} ({plain(layer.kind)})**: " + _about(layer) + "]")
        maps = feature_maps(maps_of(run, layer.name, index), layer.shape)
        sheet(maps, min(MAPS, len(maps)), f"What {layer.name} gives for the example")


def _about(layer: NetworkLayer) -> str:
    of = "channels" if len(layer.shape) == 3 else "units"
    return f"{layer.shape[0]} {of}, black the smallest number of the layer, white its largest"


def _occlusion(run: Subject, names: tuple[str, ...], index: int, top: int) -> None:
    if run.spec.kind is not Kind.IMAGE:
        st.caption("Hiding a patch needs images.")
        return
    side = min(run.shape[1:])
    left, right = st.columns(2)
    requested = left.selectbox("Probability of", names, top, key=f"occluded {index} {run.id}")
    patch = right.slider("Side of the hidden patch", 1, max(2, side // 2), max(2, side // 5), key="patch")
    found = hidden(run, index, names.index(requested), int(patch))
    x = to_bytes(labelled(run)[index : index + 1].batch().x.numpy())[0]
    of = linked_choice("Change of the", (ODDS, PROBABILITY), ODDS, "change")
    pixels = found.of_pixels(found.change if of == PROBABILITY else found.odds, *run.shape[1:])
    figure(occlusion_figure(pixels, x, of == ODDS, look()), "What hiding each part of the image changes")
    st.caption(
        f"Red: hidden, “{plain(requested)}” becomes less probable, so it is recognised there; blue: more. With nothing "
        f"hidden it is {found.p:.1%}; log-odds change even where that is nearly 0 or 1."
    )


@remember(16)
def layers_of(run: Subject) -> tuple[NetworkLayer, ...]:
    """The layers that run when it classifies."""
    return layers(cached.model(run), labelled(run).x[:1], classify(run))


@remember(32)
def maps_of(run: Subject, layer: str, index: int) -> Floats:
    """(d,) what a layer gives for an example."""
    one: Floats = activations(cached.model(run), labelled(run).x[index : index + 1], [layer], classify(run))[layer][0]
    return one


def _preprocessing(run: Subject, names: tuple[str, ...]) -> None:
    task, ways = under_each(run), {one.name: one for one in offered(run.spec.kind)}
    if task.result is None:
        show_tasks([task], Waiting("Classifying changed examples"), "Changed examples can't be classified")
        return
    results = dict(zip(ways, task.result, strict=True))
    dots, side = st.columns(2, gap="large")
    first = next(iter(ways))
    with dots:
        accuracies = {name: found.accuracy for name, found in results.items()}
        figure(accuracy_dots(accuracies, look(), first), "Accuracy after each way to change the examples")
    with side:
        default = FLIPPED.name if FLIPPED.name in ways else [*ways][-1]
        WAY.settle(list(ways), default, of=run.spec.kind)
        name = st.selectbox("Look at", list(ways), [*ways].index(default), key=WAY.name, bind="query-params")
        _changed(run, ways[name], Shown(labelled(run), results[name]), names, results[first].right)


def _changed(run: Subject, way: Preprocessing, after: Shown, names: tuple[str, ...], before: NDArray[np.bool_]) -> None:
    """What a change does to examples: those first that it makes wrong, most confident first."""
    found = after.found
    lost = [i for i in found.confident(False, len(before)).tolist() if before[i]]
    ids = (lost or found.confident(True, EXAMPLES).tolist())[:EXAMPLES]
    many = f" It makes {len(lost):,} of {int(before.sum()):,} wrong that were right:" if lost else ""
    st.markdown(f":small[{way.sentence}{many}]")
    draw(run, changed(run, way, ids), [title(after, names, i) for i in ids], "Changed examples")
