"""The experiment on transfer: every trunk with every number of labels, both accuracies, and the source's table."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentlab.__main__ import main
from latentlab.data import Splits
from latentlab.experiments import transfer
from latentlab.experiments.transfer import HEADS, LABELS, SCRATCH, SEEDS, TRUNKS, TransferScore
from latentlab.experiments.transfer_source import SOURCE
from tests.conftest import mentions, noise_images, numbers_in


def test_each_head_is_trained_with_each_number_of_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path))  # no drawings by people
    splits = Splits(*(noise_images(n, (1, 28, 28), 7, seed=n) for n in (70, 10, 40)))
    found = [one for trunk in ("MNIST, frozen", SCRATCH) for one in transfer.run(trunk, (0,), (14, 49), splits)]
    assert [(one.trunk, one.head, one.labels) for one in found] == [
        (trunk, head, n) for trunk in ("MNIST, frozen", SCRATCH) for head in HEADS for n in (14, 49)
    ]
    assert {(one.trainable, one.frozen) for one in found} == {(256 * 7 + 7, 414_912), (414_912 + 256 * 7 + 7, 0)}
    assert all(one.n_real == 0 and one.real != one.real for one in found)
    transfer.TABLE.at(tmp_path / "scores.csv").save(found)
    again = [one for one in found if one.trunk == SCRATCH]
    transfer.TABLE.at(tmp_path / "scores.csv").save(again)
    assert [(one.trunk, one.head, one.labels) for one in transfer.TABLE.at(tmp_path / "scores.csv").read()] == [
        (one.trunk, one.head, one.labels) for one in found
    ]


def test_the_sources_accuracies_guarantee_this_much() -> None:
    assert [row.least for row in SOURCE] == pytest.approx([0.881, 0.3385, 0.0144])


def score(
    trunk: str, labels: int, right: float, head: str = "softmax", binary: float = 0.9, seed: int = 0
) -> TransferScore:
    return TransferScore(trunk, labels, head, seed, right, binary, right, binary, 1500, 175, 10, 20)


def test_the_verdict_is_what_the_best_trunk_adds_paired_by_seed() -> None:
    scores = [
        score(trunk, labels, right + 0.02 * seed, seed=seed)
        for seed in (0, 1, 2)
        for trunk, labels, right in (
            (SCRATCH, 70, 0.7), ("best", 70, 0.8), ("second", 70, 0.75), (SCRATCH, 350, 0.9), ("best", 350, 0.91)
        )
    ]  # fmt: skip
    text = transfer.verdict(scores)
    assert mentions(text, "best", 70, 350)
    assert "second" not in text
    assert [round(number) for number in numbers_in(text)[:5]] == [10, 0, 70, 1, 0]
    assert "few" in text
    assert "few" not in transfer.verdict([one for one in scores if one.labels == 350])
    assert transfer.verdict([score("one", 70, 0.8)])


def test_what_the_binary_accuracy_hides_is_said() -> None:
    near = [score("one", 70, 0.7, "sigmoid", 0.84), score("two", 70, 0.6, "sigmoid", 0.85)]
    assert "60% to 70%" in transfer.binary_verdict(near)
    assert "another order" in transfer.binary_verdict(near)
    assert "same order" in transfer.binary_verdict([near[0], score("two", 70, 0.6, "sigmoid", 0.83)])


def test_what_ships_is_every_trunk_with_every_number_of_labels() -> None:
    scores = transfer.TABLE.read()
    found = {(one.trunk, one.labels, one.head, one.seed) for one in scores}
    assert len(found) == len(scores)
    assert found == {(trunk, n, head, seed) for trunk in TRUNKS for n in LABELS for head in HEADS for seed in SEEDS}
    assert {one.n_test for one in scores} == {1_500}
    assert {one.n_real for one in scores} == {175}
    mean = {
        (line.trunk, n): right for line in transfer.lines(scores) for n, right in zip(LABELS, line.mean, strict=True)
    }
    assert all(mean[trunk, 70] < mean[trunk, 350] < mean[trunk, 1_400] < mean[trunk, 8_400] for trunk in TRUNKS)
    assert mean["MNIST, fine-tuned", 70] > mean["MNIST, frozen", 70] > mean["random, frozen", 70]
    assert abs(mean["MNIST, fine-tuned", 8_400] - mean[SCRATCH, 8_400]) < 0.01
    assert mean["Lite0 at 96 × 96", 70] > mean["Lite0 at 32 × 32", 70]
    assert mean["MNIST, fine-tuned", 8_400] > mean["MNIST, frozen", 8_400] + 0.03


def test_the_command_keeps_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = transfer.TABLE.read()
    monkeypatch.setattr(transfer, "TABLE", transfer.TABLE.at(tmp_path / "scores.csv"))
    monkeypatch.setattr(transfer, "is_here", lambda trunk: "Lite0" not in trunk)
    monkeypatch.setattr(
        transfer, "run", lambda trunk, seeds: (one for one in shipped if (one.trunk, one.seed) == (trunk, seeds[0]))
    )
    assert main(["reproduce", "transfer", "--seeds", "1", "--data", "digits"]) == 1
    assert main(["reproduce", "transfer", "--seeds", "1"]) == 0
    out = capsys.readouterr().out
    assert "latentlab[transfer]" in out
    assert "ResNet152V2" in out
    assert transfer.TABLE.read() == [one for one in shipped if one.seed == 0 and "Lite0" not in one.trunk]
