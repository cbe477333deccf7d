"""The experiment on the presets of live games: planted generators, every preset with each seed, and what ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab.__main__ import main
from latentlab.data import DENSITIES, Kind, Spec, load
from latentlab.experiments.adversarial import presets as adversarial_presets
from latentlab.experiments.adversarial.presets import GAMES, PRESETS, SEEDS, measure, summary
from latentlab.models.adversarial.gan import GAN
from tests.conftest import numbers_in

RING = "gaussian-ring"


class Modes(nn.Module):
    """Samples at the first k modes of the ring, with a share of the modes' own standard deviation."""

    def __init__(self, k: int, share: float) -> None:
        super().__init__()
        density = DENSITIES[RING]
        self.means, self.std, self.k = density.means.float(), share * float(density.stds[0, 0]), k

    def forward(self, z: Tensor) -> Tensor:
        chosen = (z[:, 0] * 1e4).floor().long() % self.k
        return self.means[chosen] + self.std * z[:, 1:]


@pytest.mark.parametrize("k", [1, 5, 8])
def test_the_modes_of_a_planted_generator_are_counted(k: int) -> None:
    model = GAN(GAN.Config(z_dim=3, hidden=8), Spec((2,), 8, Kind.PLANE)).eval()
    model.generator = Modes(k, 0.5)  # type: ignore[assignment]
    found = measure(model, load(RING).test)
    assert (found["reached"], found["modes"]) == (k, 8)
    assert found["near"] > 0.99
    x = model.sample(20_000, torch.Generator().manual_seed(5))
    own = load(RING).test.batch().x
    assert found["width"] == pytest.approx(float((x.std(0) / own.std(0)).mean()), abs=0.02)
    assert (found["apart"] < 0.1) == (k == 8)


@pytest.mark.training
def test_each_preset_is_trained_with_each_seed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adversarial_presets, "N_MEASURED", 500)
    monkeypatch.setattr(adversarial_presets, "N_TRAINED", 500)
    scores = list(adversarial_presets.run("bumps", (0, 1), epochs=1))
    assert [(one.preset, one.seed) for one in scores] == [(name, seed) for name in PRESETS for seed in (0, 1)]
    adversarial_presets.TABLE.at(tmp_path / "scores.csv").save(scores)
    kept = adversarial_presets.TABLE.at(tmp_path / "scores.csv").read()
    np.testing.assert_allclose([one.value for one in kept], [one.value for one in scores], rtol=1e-5)


def test_what_ships_collapses_with_the_preset_of_that_name_and_not_with_the_steady_one() -> None:
    scores = adversarial_presets.TABLE.read()
    assert {(one.dataset, one.preset, one.seed) for one in scores} == {
        (dataset, preset, seed) for dataset in GAMES for preset in PRESETS for seed in SEEDS
    }
    ring = {name: [one.reached for one in scores if (one.dataset, one.preset) == (RING, name)] for name in PRESETS}
    assert ring["steady"] == [8, 8, 8]
    assert max(ring["mode collapse"]) <= 2
    for one in scores:
        if one.preset == "steady":
            assert one.apart < 0.2
            assert one.reached == one.modes


def test_a_summary_says_the_ranges_over_the_seeds() -> None:
    own = [one for one in adversarial_presets.TABLE.read() if (one.dataset, one.preset) == (RING, "no penalty")]
    numbers = numbers_in(summary(own))
    assert {len(own), 8} <= set(numbers)
    assert {min(one.reached for one in own), max(one.reached for one in own)} <= set(numbers)
    assert round(min(one.value for one in own), 2) in numbers
    assert summary([]) == ""


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = adversarial_presets.TABLE.read()
    monkeypatch.setattr(adversarial_presets, "TABLE", adversarial_presets.TABLE.at(tmp_path / "scores.csv"))
    monkeypatch.setattr(
        adversarial_presets,
        "run",
        lambda data, seeds: iter(s for s in shipped if s.dataset == data and s.seed in seeds),
    )
    assert main(["reproduce", "presets", "--seeds", "2"]) == 0
    assert "mode collapse" in capsys.readouterr().out
    assert {one.seed for one in adversarial_presets.TABLE.read()} == {0, 1}
