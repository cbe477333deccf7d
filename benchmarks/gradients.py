"""What curvature and importance sampling cost: ratios to plain gradients, and to plain steps, of the same network.

    python -m benchmarks.gradients                 # two minutes
    python -m benchmarks.gradients --cluster       # also workers on a Ray cluster of two nodes, started for it

*   H v: a Hessian-vector product of the mean loss, with the graph of the gradient kept (as an eigensolver asks for many
    at one place) and made anew, beside two backward passes, 2 (f + b), which theory says it costs at least.
*   norms: the length of the gradient of each example of a batch, beside a plain step (forward, backward, SGD).
*   workers: seconds of an epoch of importance-sampled SGD, of wall time, with workers simulated within the training, in
    processes of their own, and on a cluster, relaxed and exact, beside plain SGD. On two cores at most one worker has a
    core to itself.

The first two count CPU time and take turns, so that other work disturbs all alike; the last needs an idle machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from latentlab import device
from latentlab.analysis.curvature.objective import objective_of
from latentlab.data import Dataset, Splits, load
from latentlab.models import MODELS, Trains
from latentlab.nn.gradient_norms import GradientNorms
from latentlab.training.config import TrainConfig
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

ROUNDS = 15
BATCH = 64
NETWORKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "784-200×4-10, dense": ("mlp", {"depth": 4, "hidden": 200}),
    "conv 5×5×4, 5×5×8, 32, 10": ("cnn", {"width": 4, "kernel": 5, "hidden": 32, "dropout": 0.0}),
}
ENGINES: Mapping[str, Mapping[str, Any]] = {
    "plain SGD": {},
    "simulated": {"importance": True, "engine": "simulated"},
    "processes": {"importance": True, "engine": "processes"},
    "processes, exact": {"importance": True, "engine": "processes", "exact": True},
}
ON_CLUSTER: Mapping[str, Mapping[str, Any]] = {
    "cluster": {"importance": True, "engine": "ray"},
    "cluster, exact": {"importance": True, "engine": "ray", "exact": True},
}


def medians(calls: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median CPU seconds of each call, all taking turns; a first round doesn't count."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            begun = time.process_time()
            call()
            if turn:
                found[name].append(time.process_time() - begun)
    return {name: statistics.median(values) for name, values in found.items()}


def network(name: str, data: Dataset) -> Trains:
    """One of `NETWORKS` with fresh parameters."""
    kind, knobs = NETWORKS[name]

    model = start(kind, MODELS[kind].Config(**knobs), data.spec, TrainConfig())
    assert isinstance(model, Trains)
    return model


def products(name: str, data: Dataset) -> dict[str, float]:
    """CPU seconds of a gradient, and of Hessian-vector products, over 500 examples in one part."""
    objective = objective_of(network(name, data), data[:500], precision=torch.float32)
    v = np.random.default_rng(0).normal(size=objective.size)
    theta = objective.theta

    def anew() -> None:
        objective.move(theta)
        objective.product(v)

    def kept() -> None:
        objective.product(v)

    objective.product(v)
    return medians({"gradient": objective.gradient, "kept": kept, "anew": anew})


def norms(name: str, data: Dataset) -> dict[str, float]:
    """CPU seconds of a plain step, and of the lengths of all gradients, of one batch."""
    model, batch, rng = network(name, data).eval(), data[:BATCH].batch(), device.generator(0)
    optimizer = torch.optim.SGD(model.parameters(), 0.0)

    def losses(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        (loss,) = model.losses(batch._replace(x=x, y=y), rng)
        return loss.value

    measure = GradientNorms(model, losses)

    def step() -> None:
        optimizer.zero_grad()
        losses(batch.x, batch.y).mean().backward()
        optimizer.step()

    def many(call: Callable[[], object]) -> Callable[[], None]:
        def repeated() -> None:
            for _ in range(20):
                call()

        return repeated

    return medians({"step": many(step), "norms": many(lambda: measure(batch.x, batch.y))})


def epoch(engine: Mapping[str, Any], splits: Splits) -> tuple[float, float]:
    """Wall seconds of the second epoch of a training, and how many steps old a weight was at its end, on average."""
    knobs = {"optimizer": "sgd", "learning_rate": 0.05, "schedule": "constant", "batch_size": BATCH, "epochs": 2}
    config = TrainConfig(**knobs, **engine)  # type: ignore[arg-type]

    model = network("784-200×4-10, dense", splits.train)
    state, ends, ages = TrainState(model, config), list[float](), list[float]()
    for metrics in train(model, splits._replace(valid=splits.valid[:0]), config, state, report_every=1_000_000):
        if metrics.epoch.is_integer():
            ends.append(time.perf_counter())
        if state.weights is not None:
            ages.append(float((state.step - 1 - state.weights.version).double().mean()))
    return ends[-1] - ends[-2], ages[-1] if ages else 0.0


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cluster", action="store_true", help="also on a Ray cluster of two nodes")
    options = parser.parse_args()
    device.limit_threads()
    mnist = load("mnist")
    splits = Splits(mnist.train[:6_000], mnist.valid, mnist.test)
    print("| network | gradient, ms | H v kept / 2 gradients | H v anew / 2 gradients | norms / plain step |")
    print("|---|--:|--:|--:|--:|")
    for name in NETWORKS:
        h, n = products(name, splits.train), norms(name, splits.train)
        two = 2 * h["gradient"]
        print(
            f"| {name} | {1e3 * h['gradient']:.1f} | {h['kept'] / two:.2f} | {h['anew'] / two:.2f} "
            f"| {n['norms'] / n['step']:.2f} |"
        )
    print("\n| workers | epoch, s | to plain SGD | age of a weight, steps |\n|---|--:|--:|--:|")
    plain = None
    for name, engine in {**ENGINES, **(ON_CLUSTER if options.cluster else {})}.items():
        seconds, age = _on_cluster(engine, splits) if engine.get("engine") == "ray" else epoch(engine, splits)
        plain = plain or seconds
        print(f"| {name} | {seconds:.2f} | {seconds / plain:.1f} | {age:.1f} |", flush=True)


def _on_cluster(engine: Mapping[str, Any], splits: Splits) -> tuple[float, float]:
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    cluster.add_node(**node)
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        return epoch(engine, splits)
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main()
