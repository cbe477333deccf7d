"""Which space a map shows, and which other it is compared with: the layer, the examples, the snapshot."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.maps.examples import are_same
from latentlab.data import Library, is_local
from latentlab.models import Classifies, Encodes
from latentlab.runs.run import labels
from latentlab.subjects import Subject, with_model
from pages.components.player import player
from pages.shared import cached, url_state
from pages.shared.choose_second_run import choose_titled
from pages.shared.remember import remember
from pages.shared.spaces import CODE, INPUT, Source, Space, latents, layers
from pages.shared.text import plain
from pages.shared.visit import Slot

SIZES = (2_000, 10_000)
END = "the end"


def choose_source(subject: Subject, more: DeltaGenerator, under: DeltaGenerator) -> Source:
    """Choose what of a run, or of data without one, is mapped.

    Args:
        subject: the run or the data.
        more: where the layer is chosen.
        under: where the number of examples and the snapshot are.
    """
    run, dataset = subject if subject.has() else None, subject.dataset
    options = layers(run) if run is not None else [INPUT]
    counts = _counts(dataset) if (is_local(dataset) if run is None else cached.has_data(run)) else None
    key = run.id if run is not None else f"data {dataset}"
    usual = _usual(run, options)
    first = options.index(url_state.read_choice("mapped", options, usual))
    layer = more.selectbox("What is mapped", options, first, lambda layer: _said(run, layer), key=f"layer {key}")
    url_state.write("mapped", layer if layer != usual else None)
    with under:
        n = _choose_size(run, counts, key)
        epoch = _choose_epoch(run) if run is not None and _plays(run, layer) else None
    return Source(dataset, run, layer, n, epoch)


def _plays(run: Subject, layer: str) -> bool:
    """Whether there are snapshots of what is mapped."""
    return bool(run.snapshots) and layer != INPUT


def _shown_epoch(run: Subject) -> Slot[str]:
    return Slot(f"epoch {run.id}")


def _choose_epoch(run: Subject) -> int | None:
    epochs = snapshots(run)
    shown = _shown_epoch(run)
    shown.setdefault(url_state.read_choice("epoch", list(epochs), END))
    text = "Before training (0), at saved snapshots, and after training: watch the space form"
    snapshot = st.select_slider("Epoch", list(epochs), key=shown.name, help=text, width=160)
    url_state.write("epoch", snapshot if snapshot != END else None)
    return epochs[snapshot]


def play(source: Source, ready: bool) -> None:
    """Offer to play the snapshots of a run, each when the map of the one before is ready."""
    run = source.run
    if run is None or not _plays(run, source.layer):
        return
    epochs = snapshots(run)
    at, options = list(epochs.values()).index(source.epoch), list(epochs)
    shown = _shown_epoch(run)

    def advance() -> None:
        shown.set(options[(at + 1) % len(options)])

    player(f"player {run.id}", at, len(options), _when(source.epoch), ready, advance)


def title_of(source: Source) -> str:
    """What a map is of, in a few words."""
    run = source.run
    if run is None:
        return plain(source.dataset)
    layer = "" if source.layer == CODE else f", {_said(run, source.layer)}"
    return plain(f"{run.title}{layer}, {_when(source.epoch)}")


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
        st.caption(f"{len(cached.examples(run)):,} examples, saved with the model" if run is not None else "")
        return 0
    n_test, n = counts
    options = sorted({n, *(size for size in (n_test, *SIZES) if size < n)})
    wish = min(n_test, SIZES[0]) if run is not None else min(n, SIZES[1])
    usual = next(size for size in options if size >= wish)
    shown: Slot[int] = Slot(f"examples {key}")
    shown.settle(options, usual)  # the data may have gone or come
    size = shown.setdefault(int(url_state.read_choice("examples", [str(size) for size in options], str(usual))))
    with st.popover(f"{size:,} of {n:,} examples", icon=":material/scatter_plot:"):
        st.segmented_control(
            "Examples", options, required=True, key=shown.name,
            format_func=lambda size: f"all {n:,}" if size == n else f"{size:,}",
        )  # fmt: skip
        if size > n_test:
            rest = (
                "the model may have been trained on the others" if run is not None else "the others are of other parts"
            )
            st.caption(f"{n_test:,} are test examples; {rest}.")
        elif size < n:
            st.caption("Those for testing come first.")
    url_state.write("examples", str(size) if size != usual else None)
    return size


@remember(8)
def _counts(dataset: str) -> tuple[int, int]:
    splits = cached.own_data(dataset)[0].splits if dataset in Library.default() else cached.splits(dataset)
    n_test = len(splits.test)
    return n_test, n_test if are_same(splits) else sum(map(len, splits))


def _said(run: Subject | None, layer: str) -> str:
    known = {CODE: "the code", INPUT: "the examples themselves"}
    known |= {name: f"latent variable {name}, its mean" for name in (latents(run) if run is not None else ())}
    return known.get(layer, f"layer {layer}")


def _when(epoch: int | None) -> str:
    return "trained" if epoch is None else f"after epoch {epoch}" if epoch else "before training"
