"""The source's settings on sketches: hers to the digit, ours by seed, and one of them tested."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.__main__ import main
from latentlab.data import Dataset, Splits, class_names
from latentlab.experiments import sketches, sketches_printed
from latentlab.experiments.score_tables import MISSING
from latentlab.experiments.sketches import Row
from tests.conftest import QUICK_DRAW, mentions

pytestmark = pytest.mark.training

SHIPPED = sketches.TABLE.read()
PRINTED = sketches_printed.TABLE.read()


@pytest.fixture
def few(few_digits: Splits, monkeypatch: pytest.MonkeyPatch) -> Splits:
    """Digits of seven classes in place of the sketches, and two small tables."""

    def part(data: Dataset) -> Dataset:
        return dataclasses.replace(data[torch.nonzero(data.y < 7)[:, 0]], classes=data.classes[:7])

    found = Splits(*map(part, few_digits))
    tables = {"Batch size": (Row({}), Row({"batch_size": 16}, 0.9)), "Width": (Row({}), Row({"width": 2}))}
    monkeypatch.setattr(sketches, "ONCE", ("Width",))
    for module in (sketches, sketches_printed):
        monkeypatch.setattr(module, "load", lambda _: found)
    monkeypatch.setattr(sketches, "TABLES", tables)
    monkeypatch.setitem(sketches.BASE, "epochs", 1)
    monkeypatch.setattr(sketches_printed, "EPOCHS", 1)
    return found


def test_the_settings_are_the_sources() -> None:
    batch, rate, flat, dropout, plateau = (sketches.settings(table) for table in sketches.TABLES)
    assert [one["batch_size"] for one in batch] == [8, 16, 32, 64, 128]
    assert [one["learning_rate"] for one in rate] == pytest.approx(np.linspace(1e-4, 1e-2, 10))
    assert [(one["convs"], one["width"]) for one in flat] == [(c, w) for c in (2, 3, 4) for w in (16, 32, 64)]
    assert [one["dropout"] for one in dropout] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert [one["schedule"] for one in plateau] == ["constant", "plateau"]
    assert len(sketches.rows()) == 5 + 10 + 9 + 5 + 2  # the printed setting is in two tables
    best = max((row for rows in sketches.TABLES.values() for row in rows), key=lambda row: np.nan_to_num(row.best))
    assert best.knobs == {"batch_size": 16}  # what she chose


def test_every_setting_is_trained_and_the_best_alone_is_tested(few: Splits) -> None:
    scores = list(sketches.run((0, 1)))
    first = [("as printed", 0), ("batch_size 16", 0), ("width 2", 0), ("as printed", 1), ("batch_size 16", 1)]
    assert [(one.setting, one.seed) for one in scores[:5]] == first
    kept = sketches.latest(scores)
    means = {
        row.key: np.mean([one.accuracy[-1] for one in scores[:5] if one.setting == row.key]) for row in sketches.rows()
    }
    tested = sketches.chosen(kept)
    assert {one.setting for one in tested} == {max(means, key=lambda key: means[key])}
    assert len(tested) == 2  # also where it was trained once until then
    assert sketches.of_table(kept, "Width").scores.shape == (2, 2 if tested[0].setting == "width 2" else 1)
    assert all((one.test * len(few.test)) % 1 == pytest.approx(0, abs=1e-3) for one in tested)
    table = sketches.of_table(kept, "Batch size")
    assert table.scores.tolist() == [[one.accuracy[-1] for one in kept if one.setting == row.key]
                                     for row in sketches.TABLES["Batch size"]]  # fmt: skip
    assert table.curves.shape == (2, 2, 1)
    rows = sketches.table_rows(kept, "Batch size")
    assert [row["source, last"] for row in rows] == [MISSING, "0.9000"]
    assert mentions(sketches.final(kept), tested[0].setting)


def test_the_noise_is_the_pooled_deviation_between_seeds() -> None:
    accuracies = {"a": (0.9, 0.92), "b": (0.8, 0.83, 0.86), "c": (0.5,)}
    scores = [sketches.SketchScore(key, s, (x,), (x,)) for key, own in accuracies.items() for s, x in enumerate(own)]
    assert sketches.noise(scores) == pytest.approx(math.sqrt((1 * 0.0002 + 2 * 0.0009) / 3))
    assert math.isnan(sketches.noise(scores[-1:]))


def test_a_subset_is_the_same_each_time_and_leaves_held_out_examples_alone(few: Splits) -> None:
    one, two = sketches.subset(few, 50), sketches.subset(few, 50)
    assert torch.equal(one.train.x, two.train.x)
    assert len(one.train) == 50
    assert len({tuple(x.flatten().tolist()) for x in one.train.x}) == 50
    assert torch.equal(one.valid.x, few.valid.x)


@pytest.mark.usefixtures("few")
def test_it_is_trained_again_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sketches, "TABLE", sketches.TABLE.at(tmp_path / "sketches.csv"))
    monkeypatch.setattr(sketches_printed, "TABLE", sketches_printed.TABLE.at(tmp_path / "printed.csv"))
    monkeypatch.setattr(sketches_printed, "real_drawings", lambda _: None)
    assert main(["reproduce", "sketches", "--seeds", "1", "--data", "sketches"]) == 0
    (printed,) = sketches_printed.TABLE.read()
    assert printed.real_confusion == ()
    assert math.isnan(printed.real_binary)
    counts = sketches_printed.counts_of(printed.test_confusion)
    assert counts.shape == (7, 7)
    assert {one.setting for one in sketches.TABLE.read()} == {"as printed", "batch_size 16", "width 2"}
    out = capsys.readouterr().out
    assert mentions(out, *sketches.TABLES, f"{sketches_printed.accuracy(counts):.4f}")


@pytest.mark.skipif(not QUICK_DRAW.is_dir(), reason="needs drawings of Quick, Draw! among the data")
def test_real_drawings_are_25_of_each_class() -> None:
    real = sketches_printed.real_drawings(class_names(sketches.DATASET), QUICK_DRAW)
    assert real is not None
    assert torch.bincount(real.y).tolist() == [25] * 7
    assert (real.x.flatten(1).amax(1) == 255).all()


def test_without_real_drawings_there_are_none(tmp_path: Path) -> None:
    assert sketches_printed.real_drawings(("cup",), tmp_path) is None


def test_an_accuracy_and_its_confusions_are_those_of_the_counts() -> None:
    counts = np.array([[3, 1, 0], [0, 4, 0], [2, 0, 2]])
    assert sketches_printed.accuracy(counts) == 9 / 12
    assert (sketches_printed.counts_of(tuple(map(float, counts.ravel()))) == counts).all()
    flat = tuple(map(float, counts.ravel()))
    score = sketches_printed.PrintedScore(0, (0.5,), 0.9, 0.8, flat, flat)
    said = sketches_printed.summary([score, score], ("a", "b", "c"))
    assert mentions(said, "c as a (4)", "a as b (2)", "0.750")


def test_what_ships_is_the_whole_of_it() -> None:
    assert {one.setting for one in SHIPPED} == {row.key for row in sketches.rows()}
    for table in sketches.TABLES:
        found = sketches.of_table(SHIPPED, table)
        assert len(found.seeds) >= 1
        assert not np.isnan(found.scores).any()
    assert len(sketches.of_table(SHIPPED, "Batch size").seeds) == 3
    tested = sketches.chosen(SHIPPED)
    assert len({one.setting for one in tested}) == 1
    assert all(0.9 < one.test < one.test_binary < 1 for one in tested)


def test_the_printed_network_comes_near_the_source_and_less_near_on_real_drawings() -> None:
    assert [one.seed for one in PRINTED] == [0, 1, 2]
    for one in PRINTED:
        test, real = (sketches_printed.counts_of(flat) for flat in (one.test_confusion, one.real_confusion))
        assert (test.sum(), real.sum()) == (1_500, 175)
        assert sketches_printed.accuracy(test) == pytest.approx(sketches_printed.SOURCE, abs=0.02)
        assert 0.7 < sketches_printed.accuracy(real) < 0.9
        assert one.test_binary > 1 - (1 - sketches_printed.accuracy(test)) / 2
