"""Closer looks at an InfoGAN's code: whether its category is the class, and what its uniform codes change."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.conditional.cluster_use import ClusterUse
from latentlab.data import Kind
from latentlab.experiments.adversarial import infogan, infogan_images
from latentlab.figures.conditional.cluster_aware import cluster_classes
from latentlab.models import Encodes
from latentlab.subjects import Subject
from pages.adversarial.measured import game_of
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember

NAMED = 0.3  # of a correlation: the least that names a code


def draw_category(run: Subject, epoch: int | None) -> None:
    """What a run's category and uniform codes are, and the experiment over seeds."""
    if run.spec.kind is Kind.IMAGE:
        _draw_codes(run, epoch)
        _draw_images(run)
        return
    scores = infogan.TABLE.read() if run.dataset == infogan.DATA else []
    if not scores:
        st.caption("This experiment is made on the ring of Gaussians: `python -m latentlab reproduce infogan`.")
        return
    st.dataframe(infogan.table_rows(scores), hide_index=True, alt="InfoGAN with λ = 1 and with λ = 0, over seeds")
    st.caption(
        "Mean ± standard deviation over the seeds, `python -m latentlab reproduce infogan`. I(c; mode) is what the "
        "category says of the mode that is nearest to its sample; L_I, what the network Q reads of it. λ = 0 is the "
        "control: a GAN with the same code, which nothing asks to be read. In the source L_I of ten categories of "
        "MNIST rises to log 10 = 2.30 nats (Chen et al. 2016, Fig. 1)."
    )


def _draw_codes(run: Subject, epoch: int | None) -> None:
    use, found = categories_read(run, epoch), changed(run, epoch)
    picture, side = st.columns([3, 2], gap="large")
    if use is not None:
        categories = [f"c = {k + 1}" for k in range(len(use.counts))]
        with picture:
            st.markdown(
                f"**{use.matched:.0%} of the test images are read as the category of their class**, by the best pairs "
                f"of both; the normalised mutual information is {use.information:.2f}."
            )
            drawn = cluster_classes(use, categories, run.classes, look(), "category")
            figure(drawn, "The category that Q reads, and the class")
    with side:
        if not next(iter(found.values())).size:
            st.caption("Its code has no uniform numbers.")
            return
        rows = [
            {"code": f"u{k + 1}", "changes most": named({name: r[k] for name, r in found.items()})}
            | {f"r with {name}": f"{r[k]:.2f}" for name, r in found.items()}
            for k in range(len(next(iter(found.values()))))
        ]
        st.dataframe(rows, hide_index=True, alt="What each uniform code changes in samples")
        st.caption(
            f"Correlations over {infogan_images.N_MEASURED:,} samples, each with others of its category. A code is "
            f"named if one is at least {NAMED}."
        )


def _draw_images(run: Subject) -> None:
    scores = [score for score in infogan_images.TABLE.read() if score.dataset == run.dataset]
    if not scores:
        known = " and ".join(infogan_images.SETTINGS)
        st.caption(f"The experiment is made on {known}: `python -m latentlab reproduce infogan --data …`.")
        return
    st.dataframe(infogan_images.table_rows(scores), hide_index=True, alt="InfoGAN with λ = 1 and λ = 0, over seeds")
    st.caption(
        f"Mean ± standard deviation over the seeds, `python -m latentlab reproduce infogan --data {run.dataset}`. Of "
        "samples a classifier names the class. |r| is that of the uniform code that changes an attribute most. "
        "λ = 0 is the control: Q learns to read a code that nothing asks G to show. In the source the categories of "
        "MNIST match the digits with an error of 5 % and the uniform codes are slant and width, found by eye (Chen "
        "et al. 2016, §7.2)."
    )


def named(found: Mapping[str, float]) -> str:
    """The attribute that correlates most; a dash where none does by at least `NAMED`."""
    name = max(found, key=lambda one: abs(found[one]))
    return name if abs(found[name]) >= NAMED else "–"


@remember(32)
def categories_read(run: Subject, epoch: int | None) -> ClusterUse | None:
    """Which category each saved test example is read as; None without an encoder or classes."""
    model = game_of(run, epoch)
    return (
        infogan_images.category_use(model, cached.examples(run)) if isinstance(model, Encodes) and run.classes else None
    )


@remember(32)
def changed(run: Subject, epoch: int | None) -> dict[str, Doubles]:
    """Attribute -> how each uniform code correlates with it, among samples of one category."""
    return infogan_images.changes(*infogan_images.sampled(game_of(run, epoch), infogan_images.N_MEASURED))
