"""The experiment on an auxiliary head: small, and what ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from latentlab.__main__ import main
from latentlab.experiments import auxiliary_head
from latentlab.experiments.auxiliary_head import SEEDS, SETTINGS, TABLE, WEIGHTS, Setting, run, verdict
from tests.conftest import mentions


@pytest.mark.training
def test_with_and_without_it_a_training_begins_alike_and_goes_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auxiliary_head, "SETTINGS", {"digits": Setting(200, 40, 40, (0, 4))})
    monkeypatch.setattr(auxiliary_head, "PROBED", ("stem", "blocks.3", "auxiliary", "logits"))
    scores = list(run("digits", (0,)))
    assert [(one.weight, one.step) for one in scores] == [(weight, step) for weight in WEIGHTS for step in (0, 4)]
    begun, ended, alone, end = scores
    assert begun == replace(alone, weight=begun.weight)
    assert ended.probes != end.probes
    assert {len(one.probes) for one in scores} == {4}
    assert end.auxiliary == alone.auxiliary or end.probe("stem") != alone.probe("stem")  # its head stays as it was
    auxiliary_head.TABLE.at(tmp_path / "scores.csv").save(scores)
    assert [one.probe("logits") for one in TABLE.at(tmp_path / "scores.csv").read()] == pytest.approx(
        [one.probe("logits") for one in scores], abs=1e-6
    )


def test_what_ships_is_of_every_seed_and_in_all_of_them_the_auxiliary_head_leads() -> None:
    scores = TABLE.read()
    for data, setting in SETTINGS.items():
        own = [one for one in scores if one.data == data]
        assert {(one.weight, one.seed, one.step) for one in own} == {
            (weight, seed, step) for weight in WEIGHTS for seed in SEEDS for step in setting.steps
        }
        for seed in SEEDS:
            lead = {one.step: one.main - one.auxiliary for one in own if one.seed == seed and one.weight}
            assert max(lead.values()) > 0.03
            first = {one.weight: one.probes for one in own if one.seed == seed and not one.step}
            assert len(set(first.values())) == 1


def test_the_verdict_compares_trainings_of_the_same_seed() -> None:
    scores = [one for one in TABLE.read() if one.data == "digits" and one.step in (0, 100)]
    made = [
        replace(one, main=0.9 - 0.004 * one.step + (0.1 if one.weight else 0.3 + 0.01 * one.seed), auxiliary=0.5)
        for one in scores
    ]
    assert mentions(verdict(made), 50, 0, "100%", 100, "60%", "81%", "helps", "21.0 ± 2.5", 3)
    assert mentions(verdict([replace(one, main=0.5) for one in made]), "not", 3)


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = TABLE.read()
    monkeypatch.setattr(auxiliary_head, "TABLE", auxiliary_head.TABLE.at(tmp_path / "scores.csv"))
    found = lambda data, seeds: iter(one for one in shipped if one.seed in seeds and one.data == data)  # noqa: E731
    monkeypatch.setattr(auxiliary_head, "run", found)
    assert main(["reproduce", "auxiliary-head", "--seeds", "2", "--data", "digits"]) == 0
    assert "not trained" in capsys.readouterr().out
    assert auxiliary_head.TABLE.read() == [one for one in shipped if one.seed < 2 and one.data == "digits"]
