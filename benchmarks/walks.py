"""What the walking networks that ship give: Parzen log-likelihoods and the sample bound, beside their source's.

    python -m benchmarks.walks [run ids]            # two tables, some minutes; needs MNIST for the runs on MNIST

Each run walks one chain from a training example: 100 steps, then 10,000 consecutive ones. Nats per test image:

*   Parzen: a Gaussian about the mean of each step, as wide as makes 2,000 validation images most probable. The source's
    -152 (denoising autoencoder), 214 (GSN of two layers) and 24 (training images) are Table 5.1 of Alain (2018).
*   Bound: log of the mean of p(x|h) over the steps, for test images cut at one half; the source's are -142 without and
    -116 with walkback, after 200 epochs of 2,000 units. Only for runs that were trained on cut images.
"""

from __future__ import annotations

import sys

import torch

from latentlab import data, device
from latentlab.analysis.sampling import Parzen, bernoulli_bound, parzen
from latentlab.data import Splits
from latentlab.models.energy.gsn import GSN
from latentlab.runs.store import Store

BURN_IN, STEPS, N_VALID = 100, 10_000, 2_000
SEEDS = (0, 1)


@torch.no_grad()
def run_chain(model: GSN, splits: Splits, seed: int) -> torch.Tensor:
    """(STEPS, *shape) logits along one chain."""
    rng = device.generator(seed)
    x = splits.train[seed : seed + 1].batch().x
    state = model.start((x > 0.5).float() if model.config.binary else x)
    logits = torch.empty(STEPS, *x.shape[1:])
    for t in range(-BURN_IN, STEPS):
        state = model.step(state, rng)
        if t >= 0:
            logits[t] = state.out[0]
    return logits


def row(name: str, seed: str, found: Parzen, bound: str) -> None:
    """Print a row of the table."""
    text = f"{found.log_likelihood:.1f} ± {found.standard_error:.1f} | {found.width:.3g}"
    print(f"| {name} | {seed} | {text} | {bound} |", flush=True)


def table(dataset: str, runs: list[str]) -> None:
    """Print the numbers of the runs on one data set, and of its training images as samples."""
    splits = data.load(dataset)
    valid, test = splits.valid.x[:N_VALID], splits.test.x
    cut = (splits.test.batch().x > 0.5).float()
    print(f"| {dataset} | seed | Parzen | width | bound |\n|---|--:|--:|--:|--:|")
    row("training images", "", parzen(splits.train.x[:STEPS], test, valid), "")
    for name in runs:
        model = Store.default().load(name)
        assert isinstance(model, GSN)
        for seed in SEEDS:
            logits = run_chain(model, splits, seed)
            bound = bernoulli_bound(logits, cut) if model.config.binary else None
            error = 0.0 if bound is None else bound.std(ddof=1) / len(bound) ** 0.5
            text = "" if bound is None else f"{bound.mean():.1f} ± {error:.1f}"
            row(name, str(seed), parzen(logits.sigmoid(), test, valid), text)


if __name__ == "__main__":
    device.limit_threads()
    asked = [run for run in Store.default().runs(GSN) if not sys.argv[1:] or run.id in sys.argv[1:]]
    for dataset in sorted({run.dataset for run in asked}):
        table(dataset, sorted(run.id for run in asked if run.dataset == dataset))
