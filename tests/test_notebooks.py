"""The notebooks run from the first cell to the last, and what they say is so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def executed(name: str) -> dict[str, Any]:
    """What the names of a notebook are after its last cell."""
    (path,) = (path for path in NOTEBOOKS if path.stem == name)
    space: dict[str, Any] = {"__name__": "__main__"}
    with torch.random.fork_rng(devices=[]):
        for k, cell in enumerate(cells(path)):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"{path.name}, cell {k}", "exec"), space)
    return space


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.stem))
def test_it_is_kept_without_outputs_and_starts_with_a_title(path: Path) -> None:
    assert cells(path)[0]["source"][0].startswith("# ")
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.training
def test_a_vae_in_plain_torch_is_analysed_like_ours() -> None:
    said = executed("my-vae-in-ten-lines")
    assert said["losses"][-1] < 0.75 * said["losses"][0]
    assert said["found"].carries.sum() == pytest.approx(said["kl"].mean().item(), rel=1e-5)
    assert said["found"].active.any()
    strip, start = said["strip"], said["mean"][:1].clone()
    start[0, said["axis"]] = -3.0
    with torch.no_grad():
        np.testing.assert_allclose(strip.examples[:1], said["decode"](start).numpy(), atol=1e-6)


def test_a_map_says_what_its_notebook_says() -> None:
    said = executed("what-a-map-may-say")
    ratio = said["ratio"]
    assert ratio["codes"] == pytest.approx(5, rel=0.1)
    assert ratio["pca"] > 2.5
    assert ratio["tsne"] < 2
    noise, surface, real = said["of_noise"], said["of_surface"], said["scores"]
    assert noise.overlap < 0.5
    assert surface.overlap > 0.7
    assert real.overlap == pytest.approx(0.5, abs=0.05)
    assert real.overlap > 3 * real.gaussian.overlap > 3 * real.shuffled.overlap
    assert noise.shuffled.overlap == pytest.approx(10 / 299)


def test_the_sampler_by_hand_and_ours_agree_with_the_truth() -> None:
    said = executed("metropolis-hastings-by-hand")
    ours, mine = said["ours"], said["mine"][said["burn_in"] :]
    assert abs(ours.mean[0] - said["mean"]) < 4 * ours.mcse[0]
    assert abs(mine.mean() - said["mean"]) < 4 * ours.mcse[0]
    assert abs(ours.std[0] - said["std"]) < 0.03
    assert abs(mine.std() - said["std"]) < 0.03
    assert abs(ours.acceptance - said["acceptance"]) < 0.01
    assert ours.r_hat[0] < 1.01
    assert said["dropped"].mean() - said["mean"] > 5 * ours.mcse[0]
