"""Adversarial training: a generator and its discriminator on a line, in the plane or of images, and what V hides."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.adversarial.best_discriminator import LEAST
from latentlab.analysis.adversarial.verdict import of_category, of_line, of_modes, of_value
from latentlab.figures.adversarial.game import line_game, plane_game
from latentlab.models import Decodes
from latentlab.subjects import Subject
from pages.adversarial.category import draw_category
from pages.adversarial.details import draw_best, draw_modes, draw_training
from pages.adversarial.images import draw_families, draw_interpolation
from pages.adversarial.live import draw_live
from pages.adversarial.measured import END, arrows, category, in_the_plane, line, samples_of, snapshots, value
from pages.navigation import ADVERSARIAL, SAMPLING, TRAIN, TRAVERSAL
from pages.shared import cached
from pages.shared.example_view import appearance_of, show
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.tabs import tabs
from pages.shared.visit import Slot

SNAPSHOT: Slot[str] = Slot("game-snapshot")
SHOWN = 60  # samples of a sheet


@st.fragment
def game(run: Subject) -> None:
    """The verdict, the game at a snapshot, and three closer looks."""
    said = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        epoch = _choose_snapshot(run)
    with picture:
        if run.shape == (1,):
            sentence = _on_a_line(run, epoch, side)
        elif run.shape == (2,):
            sentence = _in_the_plane(run, epoch, side)
        else:
            sentence = _samples(run, epoch, side)
    said.info(sentence, icon=":material/lightbulb:")
    with side, st.container(horizontal=True):
        SAMPLING.link("Its samples", run=run.id)
        if len(run.shape) == 3 and run.has(Decodes):
            TRAVERSAL.link("Traverse it", run=run.id)
        TRAIN.link("Train another", dataset=run.dataset)
    details: dict[str, Callable[[], None]] = {"Over the training": partial(draw_training, run, epoch)}
    if run.shape == (1,):
        details |= {"V at best": draw_best, "Train one here": partial(draw_live, run.shape)}
    elif run.shape == (2,):
        details["Modes"] = partial(draw_modes, run, epoch)
        if category(cached.model(run)) is None:
            details["Train one here"] = partial(draw_live, run.shape)
    else:
        details["Interpolation"] = partial(draw_interpolation, run, epoch)
    if category(cached.model(run)) is not None:
        details["Category"] = partial(draw_category, run, epoch)
    elif len(run.shape) == 3:
        details["Other families"] = partial(draw_families, run)
    tabs(details)


def _choose_snapshot(run: Subject) -> int | None:
    """Choose what of the training is looked at; None for its end."""
    known = snapshots(run)
    names = list(known)
    if len(names) == 1:
        st.caption("Train with “snapshots” switched on to look back at the training.")
        return None
    SNAPSHOT.settle(names, END)
    name = st.select_slider(
        "After so many epochs", names, END, key=SNAPSHOT.name, bind="query-params",
        help="0 is before the training: drag to see the samples move to the data",
    )  # fmt: skip
    return known[str(name)]


def _on_a_line(run: Subject, epoch: int | None, side: DeltaGenerator) -> str:
    found, codes = line(run, epoch), arrows(run, epoch)
    figure(line_game(found, codes, look()), "The densities of data and samples, and both discriminators")
    with side:
        st.dataframe(
            [
                {"number": "V, nats", "now": found.value, "if they agree": LEAST},
                {"number": "Jensen–Shannon, nats", "now": found.jensen_shannon, "if they agree": 0.0},
                {"number": "Wasserstein-1", "now": found.wasserstein, "if they agree": 0.0},
                {"number": "standard deviation", "now": found.std_samples, "if they agree": found.std},
            ],
            hide_index=True,
            column_config={name: st.column_config.NumberColumn(format="%.3f") for name in ("now", "if they agree")},
            alt="V, the distances of samples and data, and the standard deviation of the samples",
        )
        st.caption(
            "D is what was learned, D* = p/(p + p_G) the best answer to the samples. "
            + (
                "An arrow begins at a code z and ends at G(z); all are equally probable."
                if codes is not None
                else "Its code has several dimensions, so no arrows are drawn."
            )
        )
    return of_line(found)


def _in_the_plane(run: Subject, epoch: int | None, side: DeltaGenerator) -> str:
    found = in_the_plane(run, epoch)
    examples = cached.examples(run).batch().x.numpy()
    figure(
        plane_game(examples, found.samples, found.categories, found.certainty, found.box, look()),
        "Samples over examples, and what the discriminator says of each place",
    )
    with side:
        st.metric("V, nats", f"{found.value:.3f}", f"{found.value - LEAST:+.3f} from −log 4", delta_color="off")
        if found.modes is not None:
            st.metric("Modes reached", f"{int(found.modes.reached.sum())} of {len(found.modes.due)}")
            st.metric("Samples at a mode", f"{found.modes.near:.0%}")
        if found.categories is not None:
            st.caption("A colour for each category c of the code; the rest of the code is noise.")
        st.caption("Green: taken for data; orange: for samples.")
    return " ".join([of_modes(found.modes, found.value) if found.modes else of_value(found.value), *_information(run)])


def _samples(run: Subject, epoch: int | None, side: DeltaGenerator) -> str:
    x, categories = samples_of(run, epoch)
    show(appearance_of(run), x, 10, "Samples", [""] * len(x))
    found = value(run, epoch)
    with side:
        st.metric("V, nats", f"{found:.3f}", f"{found - LEAST:+.3f} from −log 4", delta_color="off")
        st.caption("Over test examples and as many samples.")
        if categories is not None:
            st.caption("A row for each category of the code.")
    return " ".join([of_value(found), *_information(run)])


def _information(run: Subject) -> list[str]:
    """What a run says of its category, if its code has one."""
    place = category(cached.model(run))
    said = run.metrics.get("category information")
    return [of_category(said, place.stop - place.start)] if place is not None and said is not None else []


run = header(ADVERSARIAL)
if run is None:
    st.stop()
game(run)
notes(
    "The density of the data, that of the generator's samples, what the discriminator D says of each place, and the "
    "best that any could say, D*. In the plane the samples themselves, and D behind them; of images, samples.",
    "Drag the snapshot to 1: V is where it should end, and the samples are a third as wide as the data. Then train one "
    "here with other settings, and open the ring of Gaussians: with λ = 1 each category is a mode, with λ = 0 none is.",
    "The generator learns from the discriminator alone: it maximises log D(G(z)), D the probability that it is given "
    "data (Goodfellow et al. 2014). At the best D, V = −log 4 + 2 JSD; so V tells how far the samples are from the "
    "data only as well as D was learned.",
)
