"""How fast chains walk: beside BlackJAX and a loop over chains on one density, and beside a bare network.

    pip install -r benchmarks/requirements.txt      # blackjax, and with it JAX
    python -m benchmarks.sampling                   # two tables, about two minutes

*   Chains: random-walk Metropolis-Hastings on a mixture of five Gaussians of the plane, in single precision; steps of a
    chain for each second of processor time, all on one core, the median of some rounds that take turns. BlackJAX is
    compiled and warm, vmapped over the chains and scanned over the steps, and keeps all places and whether each step
    was accepted, as ours does. The loop runs NumPy for one chain after the other.
*   Path integral: the ratio of two densities by a denoiser's score at 16 points of the way, beside the network alone
    on as many places.
"""

from __future__ import annotations

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"  # before JAX is imported
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # JAX takes as many threads as it sees cores

import statistics
import time
from collections.abc import Callable
from typing import Any

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import torch

from latentlab import device
from latentlab.analysis.sampling import RandomWalk, Target, denoised, prepared, sample_chains
from latentlab.data import Kind
from latentlab.data.builtin.synthetic import DENSITIES
from latentlab.models import Spec
from latentlab.models.autoencoders.dae import DAE
from latentlab.nn.initialise import initialise

ROUNDS = 7
STEPS = {1: 2_000, 256: 1_000, 1_024: 500, 8_192: 100}  # for each number of chains
SCALE = 0.7
POINTS = 16
REPEATED = 20


def rates(actions: dict[str, Callable[[], object]], n: int) -> dict[str, float]:
    """n by the median processor seconds of each action; they take turns, after one round that isn't counted."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(ROUNDS + 1):
        for name, action in actions.items():
            started = time.process_time()
            action()
            if turn:
                seconds[name].append(time.process_time() - started)
    return {name: n / statistics.median(times) for name, times in seconds.items()}


def blackjax_chains(n_chains: int, n_steps: int) -> Callable[[], object]:
    """BlackJAX's random walk on the mixture, compiled."""
    density = DENSITIES["mixture"]
    means, stds = jnp.asarray(density.means.numpy(), jnp.float32), jnp.asarray(density.stds.numpy(), jnp.float32)
    constant = jnp.asarray((density.log_weights - density.stds.log().sum(1)).numpy(), jnp.float32)

    def log_density(x: jax.Array) -> jax.Array:
        return jax.scipy.special.logsumexp(constant - 0.5 * jnp.sum(((x - means) / stds) ** 2, 1))

    kernel = blackjax.additive_step_random_walk(log_density, blackjax.mcmc.random_walk.normal(SCALE * jnp.ones(2)))

    def run(key: jax.Array, start: jax.Array) -> tuple[jax.Array, jax.Array]:
        state = jax.vmap(kernel.init)(start)

        def step(state: Any, key: jax.Array) -> tuple[Any, tuple[jax.Array, jax.Array]]:
            state, info = jax.vmap(kernel.step)(jax.random.split(key, n_chains), state)
            return state, (state.position, info.is_accepted)

        _, kept = jax.lax.scan(step, state, jax.random.split(key, n_steps))
        places, accepted = kept
        return places, accepted

    start, key = jnp.zeros((n_chains, 2), jnp.float32), jax.random.PRNGKey(0)
    compiled = jax.jit(run)
    return lambda: compiled(key, start)[0].block_until_ready()


def our_chains(n_chains: int, n_steps: int) -> Callable[[], object]:
    """Ours, on the same density."""
    target, start = Target(prepared(DENSITIES["mixture"])), torch.zeros(n_chains, 2)
    return lambda: sample_chains(
        target, start, sampler=RandomWalk(), scale=SCALE, n_steps=n_steps, rng=device.generator(0)
    )


def loop(n_steps: int) -> Callable[[], object]:
    """One chain in NumPy, as a loop over chains runs it."""
    density = DENSITIES["mixture"]
    means, stds = density.means.numpy(), density.stds.numpy()
    constant = (density.log_weights - density.stds.log().sum(1)).numpy()

    def log_density(x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        joint = constant - 0.5 * np.square((x - means) / stds).sum(1)
        most = joint.max()
        return float(most + np.log(np.exp(joint - most).sum()))

    def run() -> None:
        rng, x = np.random.default_rng(0), np.zeros(2)
        at, places = log_density(x), np.empty((n_steps, 2))
        for t in range(n_steps):
            y = x + SCALE * rng.standard_normal(2)
            new = log_density(y)
            if -rng.standard_exponential() < new - at:
                x, at = y, new
            places[t] = x

    return run


def chains() -> None:
    """Print the first table."""
    single = rates({"loop": loop(2_000)}, 2_000)["loop"]
    print("| chains | ours, chain-steps/s | BlackJAX | ours / BlackJAX | ours / loop |\n|--:|--:|--:|--:|--:|")
    for n_chains, n_steps in STEPS.items():
        found = rates(
            {"ours": our_chains(n_chains, n_steps), "peer": blackjax_chains(n_chains, n_steps)}, n_chains * n_steps
        )
        print(
            f"| {n_chains:,} | {found['ours']:,.0f} | {found['peer']:,.0f} | {found['ours'] / found['peer']:.2f} | "
            f"{found['ours'] / single:.0f} |"
        )


def path_integral() -> None:
    """Print the second table."""
    model = DAE(DAE.Config(hidden=128, layers=2), Spec((2,), 1, Kind.PLANE)).eval()
    initialise(model, device.generator(0))
    print(f"\n| chains | ratios at {POINTS} points, places/s | network alone, places/s | share |\n|--:|--:|--:|--:|")
    for n_chains in (256, 1_024, 4_096):
        x = torch.randn(n_chains, 2, generator=device.generator(1))
        y = x + 0.1
        ratio = denoised(model.denoise, model.sigma, POINTS).log_ratio
        assert ratio is not None

        def alone(x: torch.Tensor = x) -> None:
            with torch.no_grad():
                for _ in range(POINTS * REPEATED):
                    model.denoise(x)

        def ratios(x: torch.Tensor = x, y: torch.Tensor = y, ratio: Callable[..., torch.Tensor] = ratio) -> None:
            for _ in range(REPEATED):
                ratio(x, y)

        found = rates({"ratios": ratios, "alone": alone}, POINTS * n_chains * REPEATED)
        share = found["ratios"] / found["alone"]
        print(f"| {n_chains:,} | {found['ratios']:,.0f} | {found['alone']:,.0f} | {share:.0%} |")


if __name__ == "__main__":
    device.limit_threads()
    chains()
    path_integral()
