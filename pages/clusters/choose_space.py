"""Which space a map shows, and which other it is compared with: the layer, the examples, the snapshot."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from latentlab.data import Library, is_local
from latentlab.models import Classifies, Encodes
from latentlab.runs.run import labels
from latentlab.subjects import Subject, with_model
from pages.shared import cached, url_state
from pages.shared.choose_second_run import choose_titled
from pages.shared.remember import remember
from pages.shared.spaces import CODE, INPUT, Source, Space, latents, layers

SIZES = (2_000, 10_000)
END = "the end"


def choose_source(subject: Subject) -> Source:
    """Choose what of a run, or of data without one, is mapped: a line above the map."""
    run, dataset = subject if subject.has() else None, subject.dataset
    options = layers(run) if run is not None else [INPUT]  # what can't be opened is said here, not in a closed popover
    counts = _counts(dataset) if (is_local(dataset) if run is None else cached.has_data(run)) else None
    what, when = st.columns([1, 2], gap="large", vertical_alignment="bottom")
    key = run.id if run is not None else f"data {dataset}"
    with what.popover("What is mapped", icon=":material/layers:", width="stretch"):
        usual = _usual(run, options)
        first = options.index(url_state.read_choice("mapped", options, usual))
        layer = st.selectbox("Layer", options, first, lambda layer: _said(run, layer), key=f"layer {key}")
        url_state.write("mapped", layer if layer != usual else None)
        n = _choose_size(run, counts, key)
    if run is None and counts is not None and n < counts[1]:
        when.caption(f"{n:,} of {counts[1]:,} examples are mapped, those for testing first.")
    epoch = None
    if run is not None and run.snapshots and layer != INPUT:
        text = "Before training (0), at saved snapshots, and after training: watch the space form"
        epochs = snapshots(run)
        first_snapshot = url_state.read_choice("epoch", list(epochs), END)
        snapshot = when.select_slider("Epoch", list(epochs), first_snapshot, key=f"epoch {key}", help=text)
        url_state.write("epoch", snapshot if snapshot != END else None)
        epoch = epochs[snapshot]
    return Source(dataset, run, layer, n, epoch)


def choose_other(space: Space) -> Source | None:
    """Choose what the map is compared with, for the same examples: another snapshot, layer or model."""
    source, run = space.of, space.of.run
    options: dict[str, Source] = {}
    if run is not None:
        epochs = [epoch for epoch in snapshots(run).values() if epoch != source.epoch and source.layer != INPUT]
        options |= {_when(epoch): source.at(epoch) for epoch in epochs}
        options |= {_said(run, layer): replace(source, layer=layer) for layer in layers(run) if layer != source.layer}
    others = {
        other.id: other
        for other in with_model(Encodes, Classifies)
        if (other.dataset, other.shape) == (source.dataset, space.data.shape) and (run is None or other.id != run.id)
    }
    named = {name: name for name in options} | labels(list(others.values()))
    chosen = choose_titled(named, f"beside {source.dataset} {run.id if run is not None else ''}", "nothing")
    if chosen in others:
        other = others[chosen]
        return Source(source.dataset, other, _usual(other, layers(other)), source.n, metric=source.metric)
    return options[chosen] if chosen is not None else None


@remember(32)
def snapshots(run: Subject) -> dict[str, int | None]:
    """Name -> epoch of a run's snapshots that can be loaded, always with the first and the last."""
    return {str(epoch): epoch for epoch in run.snapshots} | {END: None}


def _usual(run: Subject | None, options: list[str]) -> str:
    """The code, else the last layer but the one that names the classes, else the examples themselves."""
    if run is None or CODE in options:
        return options[0]
    return options[-2] if len(options) > 2 else options[-1]


def _choose_size(run: Subject | None, counts: tuple[int, int] | None, key: str) -> int:
    """How many examples: a round number, or all; 0 for those saved with the run, where there are no others."""
    if counts is None:
        return 0
    n_test, n = counts
    options = sorted({n, *(size for size in (n_test, *SIZES) if size < n)})
    wish = min(n_test, SIZES[0]) if run is not None else min(n, SIZES[1])
    usual = next(size for size in options if size >= wish)
    size = st.segmented_control(
        "Examples",
        options,
        default=int(url_state.read_choice("examples", [str(size) for size in options], str(usual))),
        required=True,
        format_func=lambda size: f"all {n:,}" if size == n else f"{size:,}",
        key=f"examples {key}",
    )
    url_state.write("examples", str(size) if size != usual else None)
    if size > n_test:
        rest = "the model may have been trained on the others" if run is not None else "the others are of other parts"
        st.caption(f"{n_test:,} are test examples; {rest}.")
    return size


@remember(8)
def _counts(dataset: str) -> tuple[int, int]:
    splits = cached.own_data(dataset)[0].splits if dataset in Library.default() else cached.splits(dataset)
    n_test, n_train = len(splits.test), len(splits.train)
    is_divided = n_test != n_train or not splits.test.x.equal(splits.train.x)
    return n_test, n_test + n_train + len(splits.valid) if is_divided else n_test


def _said(run: Subject | None, layer: str) -> str:
    known = {CODE: "the code", INPUT: "the examples themselves"}
    known |= {name: f"latent variable {name}, its mean" for name in (latents(run) if run is not None else ())}
    return known.get(layer, f"layer {layer}")


def _when(epoch: int | None) -> str:
    return "trained" if epoch is None else f"after epoch {epoch}" if epoch else "before training"
