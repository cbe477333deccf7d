"""What fitted conditionals make of a known law, and what ships of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentlab.__main__ import main
from latentlab.analysis.sampling import dependency as networks
from latentlab.analysis.sampling.dependency import fitted
from latentlab.experiments import dependency
from latentlab.experiments.score_tables import as_text


def test_it_is_measured_printed_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = list(dependency.run([0], side=2, sizes=(300, 30_000)))
    assert [(one.kind, one.n) for one in few] == [(kind, n) for n in (300, 30_000) for kind in ("logistic", "trees")]
    joint = networks.ising(2, dependency.STD, 0)
    found = fitted(networks.exact(joint), range(4))
    exact = dependency.score("exact", 10, 0, joint, joint, found)
    assert max(exact.scan, exact.forward, exact.backward, exact.apart, exact.empirical) < 1e-12
    for own in (few[::2], few[1::2]):
        assert own[1].scan < own[0].scan
    monkeypatch.setattr(dependency, "TABLE", dependency.TABLE.at(tmp_path / "scores.csv"))
    monkeypatch.setattr(dependency, "run", lambda seeds: iter(few[: len(seeds)]))
    assert main(["reproduce", "dependency", "--seeds", "2"]) == 0
    assert as_text(dependency.table_rows(few[:2])) in capsys.readouterr().out
    kept = dependency.TABLE.read()
    assert [one.kind for one in kept] == ["logistic", "trees"]
    assert kept[0].scan == pytest.approx(few[0].scan, rel=1e-4)


def test_what_ships_is_what_the_form_of_the_conditionals_allows() -> None:
    """A logistic form is consistent and comes closer as 1/√n; trees belong to no one joint law, whatever n is."""
    scores = dependency.TABLE.read()

    def mean(kind: str, n: int, of: str) -> float:
        return float(np.mean([getattr(one, of) for one in scores if (one.kind, one.n) == (kind, n)]))

    assert {one.seed for one in scores} == set(dependency.SEEDS)
    for n in dependency.SIZES:
        assert mean("logistic", n, "scan") < mean("logistic", n, "empirical")
        assert mean("logistic", n, "apart") < 0.3 * mean("trees", n, "apart")
    closer = mean("logistic", 500, "scan") / mean("logistic", 50_000, "scan")
    assert 5 < closer < 20
