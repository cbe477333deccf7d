"""The diagnostics against arviz-stats on the raw draws, a process of known autocorrelation, and their advice."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

from latentlab import device
from latentlab.analysis.sampling import Chains, RandomWalk, SamplingError, Target, diagnose, sample_chains
from latentlab.analysis.sampling.diagnostics import ENOUGH, Diagnostics, Remedy
from latentlab.data.builtin.synthetic import mixture
from tests.conftest import mentions, numbers_in


def autoregression(n_steps: int, n_chains: int, a: float, shift: float = 0.0) -> NDArray[np.float64]:
    """(T, C, 1) x ← a x + √(1 - a²) ε, stationary: N(0, 1), with an effective share (1 - a) / (1 + a)."""
    rng = np.random.default_rng(0)
    x = np.empty((n_steps, n_chains, 1))
    x[0] = rng.normal(size=(n_chains, 1))
    for t in range(1, n_steps):
        x[t] = a * x[t - 1] + math.sqrt(1 - a**2) * rng.normal(size=(n_chains, 1))
    return x + shift * np.arange(n_chains)[:, None]


def chains(x: NDArray[np.float64], accepted: float = 0.3, seconds: float = 2.0) -> Chains:
    taken = np.random.default_rng(1).random(x.shape[:2]) < accepted
    return Chains(x, taken, np.zeros(x.shape[1], bool), 3, seconds)


def plain_r_hat(x: NDArray[np.floating]) -> float:
    """Of draws (T, C), T even: split, rank-normalised, the larger of bulk and folded (Vehtari et al. 2021, §4)."""

    def of(split: NDArray[np.floating]) -> float:
        ranks = stats.rankdata(split).reshape(split.shape)
        z = stats.norm.ppf((ranks - 0.375) / (split.size + 0.25))
        n = len(z)
        within, between = z.var(0, ddof=1).mean(), n * z.mean(0).var(ddof=1)
        return float(np.sqrt(((n - 1) / n * within + between / n) / within))

    half = len(x) // 2
    split = np.concatenate([x[:half], x[half:]], 1)
    return max(of(split), of(np.abs(split - np.median(split))))


def test_the_numbers_are_those_of_arviz_on_the_raw_draws() -> None:
    from arviz_stats.base import array_stats

    density = mixture([[-1.0, 0.0], [1.0, 1.0]], 0.6)
    found = sample_chains(
        Target(density.log_prob), density.sample(6, device.generator(0)), sampler=RandomWalk(), scale=0.9,
        n_steps=300, rng=device.generator(1),
    )  # fmt: skip
    told = diagnose(found, burn_in=50)
    for k in range(2):
        raw = found.positions[50:, :, k].T  # (chain, draw)
        assert told.r_hat[k] == pytest.approx(float(array_stats.rhat(raw)), rel=1e-12)
        assert told.r_hat[k] == pytest.approx(plain_r_hat(raw.T), rel=1e-9)
        assert told.ess_bulk[k] == pytest.approx(float(array_stats.ess(raw)), rel=1e-12)
        tail = array_stats.ess(raw, method="tail", prob=(0.05, 0.95))
        assert told.ess_tail[k] == pytest.approx(float(tail), rel=1e-12)
        assert told.mcse[k] == pytest.approx(float(array_stats.mcse(raw)), rel=1e-12)
    assert told.acceptance == found.accepted[50:].mean()


def test_an_autoregression_is_worth_what_its_coefficient_says() -> None:
    told = diagnose(chains(autoregression(4_000, 8, a=0.8)))
    wanted = 32_000 * (1 - 0.8) / (1 + 0.8)
    assert told.ess_bulk[0] == pytest.approx(wanted, rel=0.1)
    assert told.mcse[0] == pytest.approx(1 / math.sqrt(wanted), rel=0.1)
    np.testing.assert_allclose(told.autocorrelation[:6, 0], 0.8 ** np.arange(6), atol=0.03)
    least = min(told.ess_bulk[0], told.ess_tail[0])
    assert told.ess_per_second == pytest.approx(least / 2)
    assert told.ess_per_evaluation == pytest.approx(least / (32_000 * 3))
    assert diagnose(chains(autoregression(4_000, 8, a=0.8)), burn_in=1_000).ess_per_second == pytest.approx(
        least / 2, rel=0.1
    )


def test_the_burn_in_is_left_out() -> None:
    x = autoregression(1_000, 4, a=0.5)
    x[:200] += 50
    assert diagnose(chains(x)).r_hat[0] > 1.05
    told = diagnose(chains(x), burn_in=200)
    assert told.r_hat[0] < 1.02
    assert told.n_steps == 800
    assert abs(told.mean[0]) < 0.2


def test_lost_chains_are_not_judged() -> None:
    x = autoregression(500, 6, a=0.2)
    x[:, 2] = 1e6
    found = chains(x)
    found.lost[2] = True
    told = diagnose(found)
    assert told.r_hat[0] < 1.02
    assert (told.n_chains, told.n_lost) == (5, 1)
    found.lost[:] = True
    with pytest.raises(SamplingError, match="chain"):
        diagnose(found)


def ess(found: Diagnostics) -> str:
    """The smallest effective sample size, as it is written."""
    return f"{min(found.ess_bulk.min(), found.ess_tail.min()):,.0f}"


Named = Callable[[Diagnostics], tuple[object, ...]]
TROUBLES: list[tuple[Chains, Named]] = [  # and the numbers that show it
    (chains(autoregression(500, 4, 0.5), accepted=0.03), lambda _: ("3%",)),
    (chains(autoregression(500, 4, 0.5), accepted=0.97), lambda _: ("97%",)),
    (chains(autoregression(500, 4, 0.5, shift=3)), lambda _: ("R-hat", "2.70")),
    (chains(autoregression(500, 4, 0.5, shift=0.25)), lambda _: ("R-hat", "1.058")),
    (chains(autoregression(200, 2, 0.1)), lambda found: (ess(found), ENOUGH)),
    (chains(autoregression(2_000, 4, 0.1)), lambda found: ("R-hat", f"{found.r_hat[0]:.3f}", ess(found))),
    (chains(np.random.default_rng(2).normal(size=(200, 1, 1))), lambda _: ()),
    (chains(np.zeros((50, 3, 1))), lambda _: ()),
]


@pytest.mark.parametrize(("made", "named"), TROUBLES)
def test_the_advice_names_what_is_wrong_first(made: Chains, named: Named) -> None:
    found = diagnose(made, RandomWalk())
    assert mentions(found.advice, *named(found))
    assert bool(numbers_in(found.advice)) is bool(named(found))


def test_each_trouble_has_an_advice_of_its_own() -> None:
    advice = [re.sub(r"[\d.,%]+", "", diagnose(made, RandomWalk()).advice) for made, _ in TROUBLES]
    assert len(set(advice)) == len(TROUBLES)
    low, high = advice[:2]
    assert ("halve" in low, "double" in low, "halve" in high, "double" in high) == (True, False, False, True)


def test_the_changes_that_an_advice_names_are_listed() -> None:
    assert [diagnose(made, RandomWalk()).remedies for made, _ in TROUBLES] == [
        (Remedy.HALVE_STEP,), (Remedy.DOUBLE_STEP,), (Remedy.RUN_LONGER, Remedy.TEMPER),
        (Remedy.LEAVE_OUT_MORE, Remedy.RUN_LONGER), (Remedy.RUN_LONGER,), (), (Remedy.MORE_CHAINS,),
        (Remedy.RUN_LONGER,),
    ]  # fmt: skip
    lost = chains(autoregression(500, 6, 0.2))
    lost.lost[2] = True
    assert diagnose(lost).remedies == (Remedy.HALVE_STEP, Remedy.START_AT_DATA)


def test_chains_that_agree_by_halves_only_do_not_pass() -> None:
    """Split: two chains that drift the same way look alike to a plain R-hat."""
    drift = np.linspace(-2, 2, 1_000)[:, None, None] + 0.1 * autoregression(1_000, 4, 0.1)
    assert diagnose(chains(drift)).r_hat[0] > 1.5


def test_the_draws_may_be_of_torch_precision() -> None:
    x = torch.from_numpy(autoregression(200, 3, 0.1)).float().numpy()
    assert diagnose(chains(x.astype(np.float64))).r_hat == pytest.approx(
        diagnose(Chains(x, np.ones((200, 3), bool), np.zeros(3, bool), 1, 1.0)).r_hat, abs=1e-5
    )
