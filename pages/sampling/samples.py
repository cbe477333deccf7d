"""What a model samples by itself: next to the nearest examples, and compared with chains on its density."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.latent.memorisation import SamplesWithNearest, samples_with_nearest
from latentlab.analysis.sampling import between_samples
from latentlab.analysis.stats import proportion
from latentlab.data import Dataset, Kind
from latentlab.figures.samples import samples_over_examples
from latentlab.models import Samples
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.background import Task, Waiting, run_task, show_tasks
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.visit import Slot

OF_IMAGES, OF_VECTORS = 30, 1_500  # samples
COLUMNS, BARS = 10, 6  # of a sheet of images, and samples that are drawn as bars
LITTLE = 0.05  # of the examples: a sample is very near, or far, if no more of them are nearer, or farther


def sheet(run: Subject) -> None:
    """Samples and the example that is nearest to each, with a verdict: are they copies, or unlike anything real?"""
    verdict = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="sample-seed", bind="query-params"))
    reference, what = _reference(run)
    with picture:
        found = drawn_samples(run, seed)
    if found is None:
        return
    near, far = (proportion(one) for one in (found.share_nearer < LITTLE, found.share_nearer > 1 - LITTLE))
    with verdict:
        if near.low > LITTLE:
            st.warning(f"More samples than expected are very near to a {what} example: some may be copies.")
        elif far.low > LITTLE:
            st.info(f"More samples than expected are far from every {what} example.", icon=":material/info:")
        else:
            st.info(f"The samples are as near to {what} examples as these are to each other.", icon=":material/check:")
    with side:
        for name, one in (("Very near to an example", near), ("Far from every example", far)):
            st.metric(name, f"{one.value:.0%}", help=f"{LITTLE:.0%} are expected of new examples; by 95 % between "
                      f"{one.low:.0%} and {one.high:.0%}")  # fmt: skip
        where = "units of intensity" if run.spec.kind is Kind.IMAGE else "standard deviations of each number"
        st.caption(
            f"{len(found.samples):,} samples and {len(reference):,} {what} examples, by Euclidean distance in {where}: "
            f"nearer than {1 - LITTLE:.0%}, or farther than {1 - LITTLE:.0%} of the examples are from another. "
            "What is blurred is near to many."
        )
    with picture:
        _draw(run, found, reference, what)


def drawn_samples(run: Subject, seed: int = 0) -> SamplesWithNearest | None:
    """Samples and the nearest examples; None while the background process is at it, which is said."""
    model, (reference, _) = cast(Samples, cached.model(run)), _reference(run)
    is_image = run.spec.kind is Kind.IMAGE
    n, x = OF_IMAGES if is_image else OF_VECTORS, reference.x
    key = f"samples {run.key} {len(reference)} {seed}"
    stopped: Slot[bool] = Slot(f"cancelled {key}")
    if stopped.get():
        st.button("Draw samples", on_click=stopped.forget, icon=":material/play_arrow:", key=f"again {key}")
        return None
    task: Task[SamplesWithNearest] = run_task(
        key, partial(samples_with_nearest, model.sample, n, x, None if is_image else _unit(x), seed)
    )
    if task.result is None:
        show_tasks([task], Waiting("Drawing samples", on_cancel=partial(stopped.set, True)), "They can't be drawn")
    return task.result


def compare_with_samples(run: Subject, draws: NDArray[np.floating]) -> None:
    """How far the draws of chains, (N, d), are from what the model samples by itself."""
    found = drawn_samples(run)
    if found is None:
        return
    unit = _unit(cached.examples(run).batch().x).numpy()
    apart = between_samples(draws / unit, found.samples / unit)
    st.markdown(
        f"Chains and the model's {len(found.samples):,} own samples: squared maximum mean discrepancy of "
        f"{apart.n_paired} of each **{apart.mmd.value:.4f}** (alike: {apart.mmd.null:.4f} ± {apart.mmd.null_std:.4f}); "
        f"the largest Wasserstein distance of a coordinate **{apart.wasserstein.max():.3f}** of its standard deviation."
    )


def _draw(run: Subject, found: SamplesWithNearest, reference: Dataset, what: str) -> None:
    if len(run.shape) == 1 and run.shape[0] <= 2:
        x = reference.batch().x[:OF_VECTORS].numpy()
        figure(samples_over_examples(x, found.samples, look()), f"Samples over {what} examples")
        return
    nearest = reference[torch.from_numpy(found.nearest.index)].batch().x.numpy()
    if run.spec.kind is Kind.IMAGE:
        rows = [part[k : k + COLUMNS] for k in range(0, OF_IMAGES, COLUMNS) for part in (found.samples, nearest)]
        show(appearance_of(run), np.concatenate(rows), COLUMNS, f"Samples over the nearest {what} examples")
        st.caption(f"Rows of samples, each over a row of the {what} examples that are nearest to them.")
        return
    pairs = np.stack([found.samples[:BARS], nearest[:BARS]], 1).reshape(-1, *run.shape)
    titles = [f"{name} {k + 1}" for k in range(BARS) for name in ("sample", f"nearest {what} example to")]
    show(appearance_of(run), pairs, 2, f"Samples and the nearest {what} examples", titles)


def _reference(run: Subject) -> tuple[Dataset, str]:
    """The training examples, else those saved with the run, and what they are called."""
    if cached.has_data(run):
        return cached.splits(run.dataset).train, "training"
    return cached.examples(run), "given"


def _unit(x: Tensor) -> Tensor:
    std = x.std(0)
    return torch.where(std > 0, std, 1.0)
