"""The quality of a chain of images: how it mixes, and the Parzen estimate."""

from __future__ import annotations

import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.latent.memorisation import distance_quantile, nearest, nearest_other
from latentlab.analysis.sampling import Parzen, mixing, parzen, record
from latentlab.figures.sampling.image_chains import class_trace, width_curve
from latentlab.subjects import Subject
from pages.gsn.chains import ChainSettings, chain_frames, chain_model, predictions
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember

SURE = 0.9  # below this confidence a classifier counts as uncertain
BURN_IN = 50  # steps
CHAINS, PER_CHAIN = 40, 50  # chains and images of each for the Parzen estimate
TABLE = (  # from 10,000 samples, nats ± standard error. On MNIST and on the Toronto Face Database as reported (Alain
    # 2018, Table 5.1; contractive autoencoders, adversarial nets and faces: Goodfellow et al. 2014, Table 1), and on
    # MNIST by `benchmarks.walks`
    ("GSN, two layers", "214 ± 1.1", "1890 ± 29", "222 ± 8"),
    ("denoising autoencoder", "-152 ± 2.2", "–", "119 ± 2"),
    ("the same with walkback", "–", "–", "174 ± 2"),
    ("training images", "24 ± 1.6", "–", "244"),
    ("RBM", "-244 ± 54", "–", "–"),
    ("DBN, two layers", "138 ± 2.0", "1909 ± 66", "–"),
    ("DBM, three layers", "32 ± 1.9", "–", "–"),
    ("stacked contractive autoencoders", "121 ± 1.6", "2110 ± 50", "–"),
    ("adversarial nets", "225 ± 2", "2057 ± 26", "–"),
)


def mixing_report(run: Subject, settings: ChainSettings) -> None:
    """The predicted class along each chain, and statistics of it."""
    frames, predicted = chain_frames(run, settings), predictions(run, settings)
    if predicted is None:
        st.info("There is no classifier of these data to label the examples of a chain; train a cnn on them.")
        return
    labels, sure = predicted
    figure(class_trace(labels, run.classes, settings.every, look()), "The predicted class along each chain")
    found = mixing(frames, labels)
    known = cached.examples(run).x
    usual = nearest_other(known).distance
    far = nearest(torch.from_numpy(frames).flatten(0, 1), known).distance
    unlike = float((distance_quantile(far, usual) > 0.99).mean())
    first, second, third, fourth = st.columns(4)
    first.metric(
        "The class changes", f"{found.switches:.0%}", help="Share of the examples whose class isn't the last's"
    )
    second.metric("Classes visited", f"{found.visited:.1f}", help="Mean over the chains")
    third.metric(
        "Classifier uncertain", f"{(sure < SURE).mean():.0%}", help=f"Its most probable class has less than {SURE:.0%}"
    )
    fourth.metric(
        "Far from all examples", f"{unlike:.0%}", help="Farther from every example than 99 % of the examples are"
    )
    model = chain_model(run, settings.epoch)
    if model.factors:
        factors = ", ".join(f"{factor:.2f}" for factor in model.factors)
        st.caption(f"Learned factors, from the first step of the walkback on: {factors}.")
    st.caption(
        f"{frames.shape[1]} chains of {len(frames)} examples, {settings.every} steps apart; from one to the next "
        f"{found.change:.1f} units of intensity change. Examples that the classifier is uncertain about, or that are "
        "far from all examples, suggest spurious modes."
    )


@remember(8, "Estimating …")
def estimated(run: Subject, epoch: int | None) -> tuple[int, Parzen, Parzen]:
    """The Parzen estimate from a run's chains, and from real images instead, as many of each.

    A third of the saved examples chooses the width, a third is estimated, and the others are the real images.
    """
    model, rng = chain_model(run, epoch), device.generator(0)
    x = cached.examples(run).batch().x
    third = len(x) // 3
    valid, test, real = x[:third], x[third : 2 * third], x[2 * third :]
    with torch.no_grad():
        start = model.begin(CHAINS, rng)
    frames = record(lambda state: model.step(state, rng), model.expected, start, PER_CHAIN + BURN_IN)
    samples = torch.from_numpy(frames[BURN_IN:]).flatten(0, 1)
    n = min(len(samples), len(real))
    evenly = torch.linspace(0, len(samples) - 1, n).long()  # of all steps and chains
    return n, parzen(samples[evenly], test, valid), parzen(real[:n], test, valid)


def likelihood(run: Subject, epoch: int | None) -> None:
    """The estimator, its curve, and its limits."""
    n, ours, real = estimated(run, epoch)
    left, right = st.columns(2, gap="large")
    with left:
        figure(width_curve(ours.widths, ours.curve, ours.width, look()), "Validation log-likelihood by width")
        st.caption(f"The width is chosen on validation examples: {ours.width:.3g}, in units of intensity.")
    rows = [
        {"samples": f"this run, {n:,} samples", "log-likelihood": ours.log_likelihood, "±": ours.standard_error},
        {"samples": f"real examples, {n:,} of the saved ones", "log-likelihood": real.log_likelihood,
         "±": real.standard_error},
    ]  # fmt: skip
    with right:
        config = {name: st.column_config.NumberColumn(format="%.1f") for name in ("log-likelihood", "±")}
        st.dataframe(rows, hide_index=True, column_config=config, alt="Parzen log-likelihoods, in nats")
        heads = ("10,000 samples", "MNIST, reported", "faces (TFD), reported", "MNIST, shipped")
        table = [dict(zip(heads, row, strict=True)) for row in TABLE]
        st.dataframe(table, hide_index=True, alt="Parzen log-likelihoods as reported, and of what ships")
    st.caption(
        "Nats an example; compare only numbers of the same data, the same number of samples and the same rule for the "
        "width. The estimate is too low for few samples, rewards copies of the training set, and ranks blurred or "
        "averaged examples above real ones (Theis, van den Oord & Bethge 2016). Reported numbers (Bengio et al. 2014; "
        "Goodfellow et al. 2014; Alain 2018, Table 5.1) have ± standard errors and other rules for the width, and put "
        "training images below three models of the same table, of which the source's text names two; here they are "
        "above all models. What ships is the mean of two chains, ± half of what they differ by."
    )
