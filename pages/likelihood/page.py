"""Likelihood: bounds on log p(x) by the number of draws, and what they say of the encoder."""

import math
from collections.abc import Sequence
from functools import partial

import streamlit as st

from latentlab.analysis.latent.bounds import DRAWS, Bound
from latentlab.analysis.verdict import of_bounds
from latentlab.figures.latent.bounds import bound_curves
from latentlab.models import LogLikelihood
from latentlab.runs.run import labels
from latentlab.subjects import Subject
from pages.likelihood.bounds import at_once, least_probable, tasks
from pages.likelihood.switches import has_switches, switches
from pages.navigation import LIKELIHOOD
from pages.shared import cached
from pages.shared.background import Waiting, show_tasks
from pages.shared.choose_second_run import choose_second_run
from pages.shared.example_view import appearance_of, show
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.tabs import tabs
from pages.shared.text import plain

COUNTS = (20, 50, 100, 200, 500)
SHOWN = 12  # least probable examples
LEAST = "Least probable of these examples"


@st.fragment
def likelihood(run: Subject) -> None:
    """The verdict, the bounds against the number of draws, and the least probable examples."""
    verdict = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        most = len(cached.examples(run))
        counts = [n for n in COUNTS if n < most] + [min(most, COUNTS[-1])]
        n = int(st.select_slider("Test examples", counts, min(100, counts[-1]), key="examples", bind="query-params"))
        about = "Its bounds on the same examples"
        other = choose_second_run(run, (LogLikelihood,), lambda one: (one.dataset, one.shape), about)
        most_draws = st.select_slider("Draws, at most", DRAWS[2:], DRAWS[3], key="draws", bind="query-params")
    draws = DRAWS[: DRAWS.index(most_draws) + 1]
    runs = [run] if other is None else [run, other]
    found = {one.id: at_once(one, run, n, draws) for one in runs}
    waited = {one.id: tasks(one, run, n, draws) for one in runs}
    for one in runs:
        found[one.id] += [task.result for task in waited[one.id] if task.result is not None]
    with picture:
        named = {name: found[one.id] for one, name in zip(runs, labels(runs).values(), strict=True) if found[one.id]}
        if named:
            figure(bound_curves(named, look()), "The bound against the number of draws")
        every = [task for one in runs for task in waited[one.id]]
        show_tasks(every, Waiting("Computing the bounds of more draws"), "The bounds can't be computed")
    with side:
        for one in runs:
            _table(one, found[one.id])
    if not found[run.id]:
        return
    with verdict:
        st.info(of_bounds(found[run.id]), icon=":material/lightbulb:")
    best = found[run.id][-1]
    if has_switches(run):
        tabs({LEAST: partial(_least_probable, run, best), "Hide the code or the image": partial(switches, run)})
    else:
        _least_probable(run, best)


def _table(run: Subject, found: Sequence[Bound]) -> None:
    n_values = math.prod(run.shape)
    rows = [
        {
            "draws": f"{one.n:,}" if one.n else "exact", "nats": f"{one.mean:.2f} ± {one.std_error:.2f}",
            "bits": f"{one.bits(n_values):.3f}",
        }
        for one in found
    ]  # fmt: skip
    st.markdown(f"**{plain(run.title)}**")
    st.dataframe(rows, hide_index=True, alt="Each bound with its standard error, and in bits for each value")


def _least_probable(run: Subject, best: Bound) -> None:
    ids = least_probable(best, SHOWN)
    x = cached.examples(run).batch(ids).x
    titles = [f"#{i}\n{best.values[i]:.1f} nats" for i in ids.tolist()]
    if not has_switches(run):
        st.markdown(f"**{LEAST}**")
    show(appearance_of(run), x, SHOWN, "The least probable of these test examples, the least probable first", titles)
    st.caption(
        f"From {best.values[ids[0]]:.1f} nats on; the mean of all is {best.mean:.1f}. A low likelihood is not always a "
        "strange example: many strokes alone lower it."
    )


run = header(LIKELIHOOD)
if run is None:
    st.stop()
likelihood(run)
notes(
    "How probable the model finds test examples. The integral over all codes has no closed form, so it is bounded from "
    "below by draws of the encoder: each point is the mean over the examples, with the standard error of its rise "
    "above the first. Where a code has one dimension or two, all codes are summed over as well: the line is log p(x).",
    "Compare two models: one draw may rank them otherwise than a thousand do. Look at the least probable examples.",
    "L₁ is the ELBO. With k draws L_k = E[log 1/k Σ p(x, z)/q(z|x)] rises towards log p(x) (Burda et al. 2016), and "
    "log p(x) − L₁ is the KL divergence of q(z|x) from the true posterior. The standard errors are those over the "
    "examples. Bits per value are −L/(n log 2); of a density they may be negative. Gray levels of binary models are "
    "drawn once.",
)
