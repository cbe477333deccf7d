"""Layers: what each layer of a hierarchy of latent variables carries, shows, and decides."""

from functools import partial

import numpy as np
import streamlit as st

from latentlab.analysis.latent.layer_usage import UsageHistory
from latentlab.analysis.verdict import of_layers
from latentlab.experiments import hierarchies, long_training, pixel_decoders
from latentlab.experiments.score_tables import MISSING
from latentlab.figures.latent.layers import layer_bars, layer_map, unit_heat_map
from latentlab.models import Layered
from latentlab.runs.run import labels
from latentlab.subjects import StoredRun, Subject, stored
from pages.layers.measured import decided, record, usage
from pages.navigation import LAYERS, LIKELIHOOD, PROBES, TRAVERSAL
from pages.shared import cached
from pages.shared.choose_second_run import choose_second_run
from pages.shared.example_view import appearance_of, show
from pages.shared.header import header, look, notes
from pages.shared.images import figure, panels
from pages.shared.layer_maps import layer_maps
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

DRAWN = 8  # draws of what is below a layer
COMPARED = 6  # runs in one figure, at most
EXAMPLE: Slot[int] = Slot("layered-example")


@st.fragment
def layers(run: Subject) -> None:
    """The verdict, what the units carried over the training, and three closer looks."""
    found = usage(run)
    carried = ", ".join(f"{layer.name} {layer.total:.2f}" for layer in found)
    collapsed = of_layers(found, run.config, run.run.train if isinstance(run, StoredRun) else {})
    st.info(
        (collapsed or f"All {len(found)} layers are used.") + f" They carry, in nats: {carried}.",
        icon=":material/lightbulb:",
    )
    picture, side = st.columns([2, 1], gap="large")
    with side:
        other = choose_second_run(
            run, (Layered,), lambda one: (one.dataset, one.shape), "Its units, in the same colours"
        )
        st.dataframe(
            [
                {"layer": layer.name, "nats": layer.total, "active": f"{layer.active.sum()} of {len(layer.units)}"}
                for layer in found
            ],
            hide_index=True,
            column_config={"nats": st.column_config.NumberColumn(format="%.2f")},
            alt="What each layer carries, and how many of its units are active",
        )
        LIKELIHOOD.link("Its likelihood", run=run.id)
        PROBES.link("Probe each layer", run=run.id)
        TRAVERSAL.link("Traverse a layer", run=run.id)
    with picture:
        shown = [run] if other is None else [run, other]
        known = {one.id: record(one) for one in shown}
        most = max((kept.peak for kept in known.values() if kept is not None), default=None)
        for one in shown:
            _heat_map(one, known[one.id], most, other is not None)
    tabs(
        {
            "What a layer decides": partial(_decided, run),
            "Maps of the layers": partial(_maps, run),
            "Side by side": partial(_side_by_side, run),
        }
    )


def _heat_map(run: Subject, kept: UsageHistory | None, most: float | None, named: bool) -> None:
    if named:
        st.markdown(f"**{plain(run.title)}**")
    if kept is None:
        st.caption("What its units carried in the course of its training was not recorded.")
        return
    figure(unit_heat_map(kept, look(), most=most), f"What each unit carried after each epoch: {run.title}")


def _decided(run: Subject) -> None:
    """Rows of an example, each with one layer held and all below it drawn anew."""
    n = len(cached.examples(run))
    EXAMPLE.settle(range(n))
    example = int(st.number_input("Example", 0, n - 1, 0, key=EXAMPLE.name, width=160, bind="query-params"))
    x = cached.examples(run)[example : example + 1].batch().x.numpy()
    strips, words = st.columns([2, 1], gap="large")
    with strips:
        for row in decided(run, example, DRAWN):
            st.markdown(f":small[**{row.layer} held**: standard deviation {row.std[0]:.3f}]")
            titles = ["the example", *(f"draw {k + 1}" for k in range(DRAWN))]
            alt = f"The example, and draws with {row.layer} held"
            show(appearance_of(run), np.concatenate([x, row.examples[:, 0]]), DRAWN + 1, alt, titles)
    words.caption(
        "Each row holds one layer of the example at its mean, the first row the top layer, and draws all below it from "
        "the model. What is the same along a row, this layer or one above decided; the standard deviation says how "
        "much the values still vary."
    )


def _maps(run: Subject) -> None:
    chance, drawn = 0.0, {}
    for one in layer_maps(run):
        if one.read is not None:
            chance = float(np.bincount(one.y[one.y >= 0]).max() / len(one.y))
        drawn[one.title] = layer_map(one.xy, one.y, run.classes, look())
    panels(drawn, "The two main directions of a layer, by class")
    said = f" Chance is {chance:.0%}." if chance else ""
    st.caption(
        "One draw of each layer for each test example, along the two directions in which it varies most. A linear "
        f"classifier was fitted to half of the draws and reads the class of the others.{said}"
    )


def _side_by_side(run: Subject) -> None:
    """All runs of layers on the same data with the same likelihood, without which bounds can't be compared."""
    alike = [one for one in stored(Layered) if _comparable(one) == _comparable(run)]
    ordered = [run, *(one for one in alike if one.id != run.id)][:COMPARED]
    named = labels(ordered)
    measured = {named[one.id]: usage(one) for one in ordered}
    figure(layer_bars(measured, look()), "What each layer carries, in a bar for each run")
    rows = [
        {
            "run": name, "ELBO (nats)": one.metrics.get("bound"), "bound of 200 draws": one.metrics.get("bound_200"),
            "layers used": f"{sum(layer.is_used for layer in found)} of {len(found)}",
        }
        for one, (name, found) in zip(ordered, measured.items(), strict=True)
    ]  # fmt: skip
    numbers = {name: st.column_config.NumberColumn(format="%.2f") for name in ("ELBO (nats)", "bound of 200 draws")}
    st.dataframe(rows, hide_index=True, column_config=numbers, alt="The bounds of these runs, and their used layers")
    _over_seeds(run.dataset)
    _trained_longer(run.dataset)


def _comparable(run: Subject) -> tuple[object, ...]:
    return run.dataset, run.shape, run.config.get("likelihood")


def _over_seeds(dataset: str) -> None:
    """The experiment that trains four hierarchies on these data with several seeds, if its scores are there."""
    if decoders := [score for score in pixel_decoders.TABLE.read() if score.dataset == dataset]:
        st.markdown("**A PixelCNN as decoder, over seeds**")
        _table(pixel_decoders.table_rows(decoders), "Three decoders over seeds")
        st.caption(
            f"Mean ± standard deviation over the seeds, of {pixel_decoders.N_MEASURED:,} test examples; the KL of each "
            f"layer is z1 first. {pixel_decoders.NOTE}"
        )
    scores = [score for score in hierarchies.TABLE.read() if score.dataset == dataset]
    if not scores:
        return
    st.markdown("**The same over seeds**")
    _table(hierarchies.table_rows(scores), "Four hierarchies over seeds: bounds, KL, active units and probes")
    st.caption(
        f"Mean ± standard deviation over the seeds, of {hierarchies.N_MEASURED} test examples at most; KL, active "
        "units and the test accuracy of a linear probe stand for each layer, z1 first. "
        f"{hierarchies.SETTINGS[dataset].note}"
    )


def _trained_longer(dataset: str) -> None:
    """The runs on these data that were trained for long, if any was measured."""
    scores = [score for score in long_training.TABLE.read() if score.dataset == dataset]
    if not scores:
        return
    st.markdown("**Trained longer**")
    _table(
        long_training.table_rows(scores), "Hierarchies that were trained longer: bounds, KL, active units and probes"
    )
    st.caption(
        "One training, stopped where “of” says how many epochs were planned; ± is the standard error over the test "
        "images. Reported are the ELBO and the bound of 5,000 draws of Sønderby et al. (2016), with networks of 512 "
        "units next to the image and 2,000 epochs; these have 384. "
        f"`python -m latentlab reproduce {scores[0].run}`."
    )


def _table(rows: list[dict[str, str]], alt: str) -> None:
    """The rows of these data, without the column that names them, and without reported numbers where there are none."""
    hidden = {"data"} if any(row["reported"] != MISSING for row in rows) else {"data", "reported"}
    st.dataframe(rows, hide_index=True, column_order=[name for name in rows[0] if name not in hidden], alt=alt)


run = header(LAYERS)
if run is None:
    st.stop()
layers(run)
notes(
    "What each unit of each layer of latent variables carries: the KL divergence between what the encoder says of it "
    "and what the layer above expects. One box a layer, one row a unit, over the epochs of the training; blank is less "
    "than a hundredth of a nat.",
    "Open the five-layer hierarchical VAE, then the same with batch normalisation, with a warm-up, and as ladder VAE. "
    "Hold the top layer and draw the rest: what stays?",
    "p(x, z₁ … z_L) = p(z_L) Π p(z_i|z_i₊₁) p(x|z₁). Without help the upper layers collapse onto their prior; batch "
    "normalisation and a warm-up keep them, and a ladder VAE lets q(z_i) begin from what comes down (Sønderby, Raiko, "
    "Maaløe, Sønderby & Winther 2016).",
)
