"""How fast probes are fitted, and what they say: beside scikit-learn, and beside the source's numbers.

    pip install -r tests/requirements.txt
    python -m benchmarks.probes                     # fits: two tables, about two minutes
    python -m benchmarks.probes mnist               # the classifier before and after training, three seeds (an hour)
    python -m benchmarks.probes digits              # the dead segment on digits, three seeds (six minutes)
    python -m benchmarks.probes pathology           # the same on MNIST, 1,000 steps (half an hour)

*   Fits: six layers of an autoencoder, at most 512 features each, and one wide layer; 10,000 MNIST images; one thread.
    Both minimise the same penalised loss, which is given, in single precision; scikit-learn with its own tolerance and
    with one that is as tight as ours.
*   What they say: mean ± standard deviation over the seeds 0, 1 and 2 of training. Seed 0 of the classifier ships; the
    others are trained into the user's runs.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from latentlab import device
from latentlab.analysis.probes.features import Reduction, read_features
from latentlab.analysis.probes.layer_curve import Curve, probe_curve, probe_positions, run_through
from latentlab.analysis.probes.logistic_regression import WIDE, fit
from latentlab.data import Splits, load
from latentlab.experiments.deep_networks import advance
from latentlab.jobs import queue
from latentlab.jobs.job import Job
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store

N_FIT, N_CHOOSE, N_TEST = 20_000, 10_000, 10_000
N_SPEED = 10_000
SEEDS = (0, 1, 2)
L2 = 1e-3
TOLERANCE = 1e-4
LIMIT = 1_568
LAYERS = ("encoder.1.0", "encoder.1.1", "encoder.1.2", "encoder.1.3", "decoder.0.1", "decoder.0.3")


def fits() -> None:
    """Print two tables: layers of at most 512 features, and a wide one."""
    data = load("mnist")
    x, y = data.train.x[:N_SPEED], data.train.y[:N_SPEED]
    others = data.train.x[N_SPEED : 2 * N_SPEED]
    model = Store.default().load("mnist-vae-20d")
    forward = run_through(model)
    seen, unseen = (read_features(model, part, LAYERS, forward=forward) for part in (x, others))
    pairs = [(name, seen[name].values, unseen[name].values) for name in LAYERS]
    _table("six layers of 512 features", pairs, y)
    classifier = Store.default().load("mnist-cnn")
    keep = Reduction(limit=2_048)
    wide = [
        read_features(classifier, part, ["conv2_pool"], keep, forward=run_through(classifier)) for part in (x, others)
    ]
    pair = ("conv2_pool", wide[0]["conv2_pool"].values, wide[1]["conv2_pool"].values)
    _table(f"one layer of 2,048 features (wider than {WIDE:,}: scikit-learn is used)", [pair], y)


def _table(title: str, layers: list[tuple[str, np.ndarray, np.ndarray]], y: Tensor) -> None:
    head = "CPU s | mean penalised loss (relative gap to ours, at most) | same prediction on as many others"
    print(f"\n| {title}, {N_SPEED:,} examples | {head} |")
    print("|---|--:|--:|--:|")
    rows: dict[str, list[tuple[float, float, Tensor]]] = {}
    for _, values, unseen in layers:
        mean, scale = values.mean(0), float(np.sqrt(np.square(values - values.mean(0)).mean()))
        x, others = (torch.from_numpy((part - mean) / scale) for part in (values, unseen))
        for name, solve in _solvers(x, y).items():
            started = time.process_time()
            weights, bias = solve()
            taken = time.process_time() - started
            loss = F.cross_entropy(F.linear(x, weights, bias), y) + L2 / 2 * weights.square().sum()
            rows.setdefault(name, []).append((taken, float(loss), F.linear(others, weights, bias).argmax(1)))
    ours = rows["latentlab"]
    for name, found in rows.items():
        same = np.mean([float((a[2] == b[2]).double().mean()) for a, b in zip(found, ours, strict=True)])
        gap = max((a[1] - b[1]) / b[1] for a, b in zip(found, ours, strict=True))
        total = sum(a[0] for a in found)
        print(f"| {name} | {total:.2f} | {np.mean([a[1] for a in found]):.5f} ({gap:+.1e}) | {same:.2%} |")


def _solvers(x: Tensor, y: Tensor) -> dict[str, Callable[[], tuple[Tensor, Tensor]]]:
    def ours() -> tuple[Tensor, Tensor]:
        found = fit(x, y, 10, L2, tolerance=TOLERANCE)
        return found.weights, found.bias

    def theirs(tol: float) -> tuple[Tensor, Tensor]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = LogisticRegression(C=1 / (L2 * len(x)), tol=tol, max_iter=2_000).fit(x.numpy(), y.numpy())
        return torch.from_numpy(found.coef_).float(), torch.from_numpy(found.intercept_).float()

    return {
        "latentlab": ours,
        "scikit-learn, its tolerance": lambda: theirs(1e-4),
        "scikit-learn, tol=1e-5": lambda: theirs(1e-5),
    }


def mnist() -> None:
    """Print the curve of the classifier before and after training."""
    data = load("mnist")
    parts = [data.train[:N_FIT], data.valid[:N_CHOOSE], data.test[:N_TEST]]
    x, y = torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts]).numpy()
    store, curves = Store.default(), dict[str, list[Curve]]()
    for seed in SEEDS:
        run_id = _classifier(store, seed)
        for when, epoch in (("untrained", 0), ("10 epochs", None)):
            model = store.load(run_id, epoch)
            found = probe_curve(model, x, y, (N_FIT, N_CHOOSE, N_TEST), n_classes=10, limit=LIMIT)
            curves.setdefault(when, []).append(found)
            print(f"seed {seed}, {when}: " + " ".join(f"{v:.4f}" for v in found.means()), file=sys.stderr, flush=True)
    names = [place.name for place in probe_positions(store.load("mnist-cnn-small"), x)]
    print(f"\n| test error of a probe at | {' | '.join(names)} |\n|---|{'--:|' * len(names)}")
    for when, each in curves.items():
        errors = np.array([curve.means() for curve in each])
        cells = [f"{100 * m:.2f} ± {100 * s:.2f}" for m, s in zip(errors.mean(0), errors.std(0, ddof=1), strict=True)]
        print(f"| {when}, % | {' | '.join(cells)} |")
    before, after = (np.array([curve.means() for curve in curves[when]]) for when in ("untrained", "10 epochs"))
    drops = [names[1 + int(np.diff(row).argmin())] for row in before]
    kinks = [[names[k] for k in curve.kinks()] for curve in curves["10 epochs"]]
    print("\n| | ours | the source |\n|---|---|---|")
    print(f"| input | {_mean_and_std(before[:, 0])} | about 8 % |")
    print(
        f"| best untrained layer | {_mean_and_std(before.min(1))} ({names[int(before.mean(0).argmin())]}) | about 2 % |"
    )
    print(f"| largest fall before training | {', '.join(drops)} | the first ReLU |")
    print(f"| logits after 10 epochs | {_mean_and_std(after[:, -1])} | |")
    print(f"| upward kinks after training | {kinks} | a minor one at fc1_preact |")


def _classifier(store: Store, seed: int) -> str:
    """The run of a seed: 0 ships, another is trained as it was, once."""
    shipped = store.read("mnist-cnn-small")
    run_id = f"mnist-cnn-small-{seed}"
    if seed == 0:
        return shipped.id
    if run_id not in {run.id for run in store.runs()}:
        train = {**shipped.train, "seed": seed}
        queue.enqueue(store, Job(run_id, f"Seed {seed}", "cnn", "mnist", dict(shipped.config), train, queue.now()))
        list(perform(store, run_id))
    return run_id


def pathology(name: str, steps: tuple[int, ...], n_train: int) -> None:
    """Print the errors of the deep network, and of probes at some of its layers, with and without the shortcut."""
    full = load(name)
    data = Splits(full.train[:n_train], full.valid, full.test)
    at = (0, 16, 32, 48, 64, 65, 80, 96, 128)
    print(f"\n| {name} | " + " | ".join(f"layer {k}" for k in at) + " | the network | smallest weight norm, 48 to 64 |")
    print("|---|" + "--:|" * (len(at) + 2))
    for skip in (True, False):
        rows: dict[int, list[np.ndarray]] = {step: [] for step in steps}
        for seed in SEEDS:
            tensors = None
            for step in steps:
                found, tensors = advance(data, skip, step, tensors, seed=seed, every=16)
                norm = found.weight_norms[47:64].min()
                rows[step].append(np.array([*found.errors[list(at)], found.model_error, norm]))
                print(f"seed {seed}, {skip}, {step}: {np.round(rows[step][-1], 3)}", file=sys.stderr, flush=True)
        for step, values in rows.items():
            cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(np.mean(values, 0), np.std(values, 0, ddof=1), strict=True)]
            print(f"| {'with' if skip else 'without'} the shortcut, {step} steps | {' | '.join(cells)} |")


def _mean_and_std(values: np.ndarray) -> str:
    return f"{100 * values.mean():.2f} ± {100 * values.std(ddof=1):.2f} %"


if __name__ == "__main__":
    device.limit_threads()
    asked = sys.argv[1] if len(sys.argv) > 1 else "fits"
    if asked == "mnist":
        mnist()
    elif asked == "digits":
        pathology("digits", (0, 600), 10**6)
    elif asked == "pathology":
        pathology("mnist", (0, 1_000), 12_000)
    else:
        fits()
