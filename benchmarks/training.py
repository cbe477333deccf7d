"""How fast a VAE trains on the CPU: our loop, pythae's trainer, and the limit that the matrix products set.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.training                           # images per second, a table: three minutes
    python -m benchmarks.training --layers 1 --z_dim 32     # of a smaller network
    python -m benchmarks.training --elbo 10 --seeds 8       # is the quality the same? two minutes for each seed

Every row trains the same network (784-512-512-z20 and its mirror image) from the same parameters on the same images of
MNIST, in batches of 128, with Adam at 1e-3, in float32 or bf16, on one thread (or `$LATENTLAB_THREADS`) of the CPU.

*   pythae: `BaseTrainer.train_step` as its users get it: its data set, its DataLoader, its Adam, its progress bar, and
    its loss "bce". Another row asks it for PyTorch's fused Adam, as its users may.
*   latentlab: `train()` as the app and the command line run it, with a report every 50 steps. "gray" has the objective
    of pythae's "bce"; "binarised", our default, draws every pixel black or white anew in every step.
*   matrix products: those of the step alone, with nothing to read, activate, sum or update: forward, and the gradients
    of each layer's weights and of its input, unless that is the data. In float32 they limit every float32 row.

No row validates, saves, or has pythae's copy of the best model at an epoch's end. The rows take turns, a round of 200
steps each, and a rate counts CPU time, so that other work on the machine disturbs all alike and as little as can be. A
row states its median rate, the lowest and highest, and its median ratios, within a round, to pythae and to the float32
products. ELBOs are of gray images, by one evaluation: means over seeds and standard errors: seeds differ by a nat.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import math
import operator
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.data import DataError, Dataset, Splits, load
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import train

try:
    from pythae import models as peers
    from pythae.data.datasets import BaseDataset
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
except ImportError as error:
    sys.exit(f"{error.name} is missing: pip install -r benchmarks/requirements.txt")

BATCH, N_STEPS, RATE = 128, 200, 1e-3  # examples in a step, steps in a round, Adam's rate
PEER, LIMIT = "pythae", "matrix products"

Round = Callable[[], object]  # trains for one pass over the data
Start = Callable[[int], tuple[VAE, Round]]  # from a seed


def adapted(base: Any, network: nn.Module, outputs: Callable[[Tensor], dict[str, Tensor]]) -> Any:
    """A network of ours as an encoder or a decoder of pythae."""
    module = base()
    module.network = network
    module.forward = lambda x: ModelOutput(**outputs(network(x)))
    return module


def fresh(config: VAE.Config, data: Dataset, seed: int) -> VAE:
    """The model with its initial parameters."""
    vae = VAE(config, data.spec)
    initialise(vae, device.generator(seed))
    return vae


def ours(config: VAE.Config, data: Dataset, bf16: bool, seed: int) -> tuple[VAE, Round]:
    """Our loop; without validation data it doesn't validate."""
    vae = fresh(config, data, seed)
    settings = TrainConfig(10_000, BATCH, RATE, schedule="constant", bf16=bf16, seed=seed)
    reports = train(vae, Splits(data, data[:0], data[:0]), settings)
    return vae, lambda: next(report for report in reports if report.epoch.is_integer())


def peer(config: VAE.Config, data: Dataset, folder: str, adam: dict[str, bool] | None, seed: int) -> tuple[VAE, Round]:
    """The loop of pythae's trainer around our networks."""
    vae, n = fresh(config, data, seed), config.z_dim
    model = peers.VAE(
        peers.VAEConfig(input_dim=data.shape, latent_dim=n, reconstruction_loss="bce"),
        adapted(BaseEncoder, vae.encoder, lambda h: {"embedding": h[:, :n], "log_covariance": 2 * h[:, n:]}),
        adapted(BaseDecoder, vae.decoder, lambda h: {"reconstruction": h.sigmoid()}),
    )
    settings = BaseTrainerConfig(folder, BATCH, learning_rate=RATE, optimizer_params=adam, seed=seed, no_cuda=True)
    trainer = BaseTrainer(model, BaseDataset(data.batch().x, data.y), training_config=settings)
    trainer.prepare_training()

    def run() -> None:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):  # its progress bar
            trainer.train_step(epoch=1)

    return vae, run


def products(config: VAE.Config, data: Dataset, dtype: torch.dtype) -> Round:
    """The matrix products of a round's steps, written to memory that is there already."""
    rng, factors = device.generator(0), []
    layers = [module for module in fresh(config, data, 0).modules() if isinstance(module, nn.Linear)]
    for index, layer in enumerate(layers):
        n_in, n_out = layer.in_features, layer.out_features
        shapes = (BATCH, n_in), (n_out, n_in), (BATCH, n_out)
        x, weight, grad = (torch.randn(shape, generator=rng).to(dtype) for shape in shapes)
        factors += [(x, weight.t()), (grad.t(), x)] + [(grad, weight)] * (index > 0)
    calls = [(a, b, torch.empty(len(a), b.shape[1], dtype=dtype)) for a, b in factors]

    def run() -> None:
        for _ in range(N_STEPS):
            for a, b, out in calls:
                torch.mm(a, b, out=out)

    return run


def measure(rows: dict[str, Round], n_rounds: int) -> dict[str, list[float]]:
    """Images per CPU second of every row in every round; a first round isn't counted."""
    rates: dict[str, list[float]] = {name: [] for name in rows}
    for n in range(n_rounds + 1):
        for name, run in rows.items():
            started = time.process_time()
            run()
            if n:
                rates[name].append(N_STEPS * BATCH / (time.process_time() - started))
    return rates


def table(rates: dict[str, list[float]]) -> Iterator[str]:
    """The rates, line by line."""
    yield from ("| | images/s | lowest-highest | x pythae | of the limit |", "|---|--:|--:|--:|--:|")
    for name, rate in rates.items():
        ratio, share = (statistics.median(map(operator.truediv, rate, rates[base])) for base in (PEER, LIMIT))
        extent = f"{min(rate):,.0f}-{max(rate):,.0f}"
        yield f"| {name} | {statistics.median(rate):,.0f} | {extent} | {ratio:.2f} | {share:.0%} |"


def elbos(ways: dict[str, Start], test: Dataset, n_epochs: int, n_seeds: int) -> Iterator[str]:
    """The mean test ELBO after every epoch with its standard error, line by line."""
    yield f"| test ELBO, nats, after epoch | {' | '.join(str(n + 1) for n in range(n_epochs))} |"
    yield "|---" + "|--:" * n_epochs + "|"
    for name, start in ways.items():
        bounds: list[list[float]] = [[] for _ in range(n_epochs)]  # a list of seeds for each epoch
        for seed in range(n_seeds):
            vae, run = start(seed)
            for after_epoch in bounds:
                run()
                after_epoch.append(evaluate(vae, test)["bound"])
        cells = (f"{statistics.mean(b):.2f} ± {statistics.stdev(b) / math.sqrt(n_seeds):.2f}" for b in bounds)
        yield f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table, or the test ELBOs."""
    parser = argparse.ArgumentParser(description="Training speed against pythae on the CPU.")
    parser.add_argument("--rounds", type=int, default=7, help="rounds counted")
    parser.add_argument("--layers", type=int, default=2, help="hidden layers of the encoder and of the decoder")
    parser.add_argument("--z_dim", type=int, default=20, help="dimensions of the latent space")
    parser.add_argument("--elbo", type=int, nargs="?", const=2, metavar="EPOCHS", help="compare the quality instead")
    parser.add_argument("--seeds", type=int, default=3, help="trainings behind an ELBO, at least 2")
    args = parser.parse_args()
    logging.disable(logging.INFO)
    threads, bf16 = device.limit_threads(), device.has_fast_bf16(torch.device("cpu"))
    try:
        splits = load("mnist")
    except DataError as error:
        sys.exit(str(error))
    data = splits.train[: N_STEPS * BATCH] if args.elbo is None else splits.train
    gray = VAE.Config(z_dim=args.z_dim, layers=args.layers, likelihood="gray-bernoulli")
    binarised = dataclasses.replace(gray, likelihood="bernoulli")
    precisions = (("", False, torch.float32), (", bf16", True, torch.bfloat16))[: 1 + bf16]
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, {threads} thread(s)\n")
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Start] = {PEER: partial(peer, gray, data, folder, None)}
        ways |= {f"latentlab, gray{name}": partial(ours, gray, data, low) for name, low, _ in precisions}
        if args.elbo is None:
            ways |= {f"latentlab, binarised{name}": partial(ours, binarised, data, low) for name, low, _ in precisions}
            ways |= {"pythae, fused Adam": partial(peer, gray, data, folder, {"fused": True})}
            rows = {name: start(0)[1] for name, start in ways.items()}
            rows |= {LIMIT + name: products(gray, data, dtype) for name, _, dtype in precisions}
            lines = table(measure(rows, args.rounds))
        else:
            lines = elbos(ways, splits.test, args.elbo, args.seeds)
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
