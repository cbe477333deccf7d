"""What a walk of images is worth: how it mixes, what the exact laboratory says, and what the Parzen estimate does."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.latent.memorisation import distance_quantile, nearest, nearest_other
from latentlab.analysis.sampling import Parzen, mixing, parzen, record
from latentlab.analysis.sampling.exact_gsn import EXAMPLE, Laboratory, bayes, clamp, counted, laboratory, ring
from latentlab.figures.sampling.image_chains import class_trace, laws, matrices, width_curve
from latentlab.models import Walks
from latentlab.subjects import Subject
from pages.gsn.chains import Walking, named, walked, walker
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember

SURE = 0.9  # a judge less sure than this takes an image for none of its classes
BURN_IN = 50  # steps
CHAINS, PER_CHAIN = 40, 50  # walks and images of each that the Parzen estimate is made of
LEARNED = EXACT, WALKBACK, COUNTED = ("exact", "walkback", "counted")
TABLE = (  # on MNIST from 10,000 samples, nats: as reported (Alain 2018, Table 5.1), and by `benchmarks.walks`
    ("GSN, two layers", "214", "222 ± 8"),
    ("denoising autoencoder", "-152", "119 ± 2"),
    ("the same with walkback", "–", "174 ± 2"),
    ("training images", "24", "244"),
    ("RBM", "-244", "–"),
    ("DBN, two layers", "138", "–"),
    ("DBM, three layers", "32", "–"),
)


def mixes(run: Subject, walking: Walking) -> None:
    """The judge's class along the walk, and numbers of it."""
    frames, told = walked(run, walking), named(run, walking)
    if told is None:
        st.info("There is no classifier of these data to name the images of a walk; train a cnn on them.")
        return
    labels, sure = told
    figure(class_trace(labels, run.classes, walking.every, look()), "The class that the judge sees along each walk")
    found = mixing(frames, labels)
    known = cached.examples(run).x
    usual = nearest_other(known).distance
    far = nearest(torch.from_numpy(frames).flatten(0, 1), known).distance
    unlike = float((distance_quantile(far, usual) > 0.99).mean())
    first, second, third, fourth = st.columns(4)
    first.metric("The class changes", f"{found.switches:.0%}", help="Share of the images whose class isn't the last's")
    second.metric("Classes visited", f"{found.visited:.1f}", help="By a walk, on average")
    third.metric(
        "Judge unsure", f"{(sure < SURE).mean():.0%}", help=f"Its most probable class has less than {SURE:.0%}"
    )
    fourth.metric("Unlike anything real", f"{unlike:.0%}", help="Farther from every example than 99 % of examples are")
    model = cached.model(run)
    if isinstance(model, Walks) and model.factors:
        factors = ", ".join(f"{factor:.2f}" for factor in model.factors)
        st.caption(f"Learned factors of the logits, from the first step of the walkback on: {factors}.")
    st.caption(
        f"{frames.shape[1]} walks of {len(frames)} images, {walking.every} steps apart; from image to image "
        f"{found.change:.1f} units of intensity change. Images that the judge is unsure of, or that are far from all "
        "examples, are what spurious modes look like."
    )


def exact_laboratory() -> None:
    """Ten states, every claim a product of matrices."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        reach = st.slider(
            "Corruption reaches", 1, 3, 2, key="reach", bind="query-params",
            help="States to either side, on a ring of ten",
        )  # fmt: skip
        learned = st.segmented_control(
            "Reconstruction", LEARNED, default=LEARNED[0], required=True, key="learned", bind="query-params", wrap=True,
            help="Bayes' for the corruption; Bayes' for the chain's own walks, of geometric length; or counted in "
            "5,000 examples",
        )  # fmt: skip
        hidden = st.multiselect("Held in states", list(range(1, 11)), [4, 5, 6], key="held", bind="query-params")
    corruption = ring(10, (0.4, 0.2, 0.1, 0.05)[: reach + 1])
    guess = counted(EXAMPLE, corruption, 5_000, 0) if learned == COUNTED else None
    found = laboratory(EXAMPLE, corruption, learned == WALKBACK, guess)
    content = {
        "C: corrupt": found.corruption, "R: reconstruct": found.reconstruction, "T = C R: one step": found.kernel
    }  # fmt: skip
    with right:
        figure(matrices(content, look()), "The matrices of corruption, reconstruction and one step")
        figure(
            laws({"the data": found.data, "the chain": found.stationary}, look()), "The law of the data and the chain"
        )
    with left:
        st.markdown(
            f"The chain's law is **{found.total_variation:.1e}** from the data's, in total variation. The second "
            f"eigenvalue is **{found.second_eigenvalue:.3f}**: the smaller, the sooner it forgets."
            + ("" if np.isnan(found.entropy) else f" A reconstruction leaves **{found.entropy:.3f}** nats open.")
        )
        _held(found, hidden)


@remember(8, "Estimating …")
def estimated(run: Subject) -> tuple[Parzen, Parzen]:
    """The Parzen estimate from a run's walks, and from real images instead: on two halves of the kept examples."""
    model, rng = walker(run), device.generator(0)
    x = cached.examples(run).batch().x
    third = len(x) // 3
    valid, test, real = x[:third], x[third : 2 * third], x[2 * third :]
    with torch.no_grad():
        start = model.begin(CHAINS, rng)
    frames = record(lambda state: model.step(state, rng), model.expected, start, PER_CHAIN + BURN_IN)
    samples = torch.from_numpy(frames[BURN_IN:]).flatten(0, 1)
    return parzen(samples, test, valid), parzen(real, test, valid)


def likelihood(run: Subject) -> None:
    """The estimator, its curve, and what it can't tell."""
    ours, real = estimated(run)
    left, right = st.columns(2, gap="large")
    with left:
        figure(width_curve(ours.widths, ours.curve, ours.width, look()), "Validation log-likelihood by width")
        st.caption(f"The width is chosen on validation examples: {ours.width:.3g}, in units of intensity.")
    n = CHAINS * PER_CHAIN
    rows = [
        {"samples": f"this run, {n:,} of its walk", "log-likelihood": ours.log_likelihood, "±": ours.standard_error},
        {"samples": "real images, a third of the kept ones", "log-likelihood": real.log_likelihood,
         "±": real.standard_error},
    ]  # fmt: skip
    with right:
        config = {name: st.column_config.NumberColumn(format="%.1f") for name in ("log-likelihood", "±")}
        st.dataframe(rows, hide_index=True, column_config=config, alt="Parzen log-likelihoods, in nats")
        table = [{"MNIST, 10,000 samples": name, "reported": said, "shipped": ours} for name, said, ours in TABLE]
        st.dataframe(table, hide_index=True, alt="Parzen log-likelihoods as reported, and of what ships")
    st.caption(
        "Nats an image; compare only numbers of the same data, the same number of samples and the same rule for the "
        "width. The estimate is too low for few samples, rewards copies of the training set, and puts blurred or "
        "averaged images above real ones (Theis, van den Oord & Bethge 2016). The source (Bengio et al. 2014; Alain "
        "2018, Table 5.1) reports training images below two of its models; we find them above all of "
        "ours. What ships is the mean of two chains, ± half of what they differ by."
    )


def _held(found: Laboratory, states: list[int]) -> None:
    """The chain held in some states: of a compatible pair, and of one that isn't."""
    inside = np.isin(np.arange(1, 11), states)
    blurred = 0.7 * found.reconstruction + 0.3 * found.data
    back = bayes(found.data, found.corruption)
    try:
        fitting = clamp(found.corruption, found.reconstruction, inside)
        other = clamp(found.corruption, 0.7 * np.roll(back, 1, 0) + 0.3 * blurred, inside)
    except ValueError as error:
        st.info(str(error))
        return
    st.markdown(
        f"Held in {', '.join(map(str, states))}: **{fitting.total_variation:.1e}** from the conditional law; with a "
        f"reconstruction that doesn't fit the corruption: **{other.total_variation:.3f}**."
    )
