"""The tables of the experiments on importance sampling, what the source says next to them, and where they are kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentlab.experiments.importance.bomb import BombScore
from latentlab.experiments.importance.shortcuts import ShortcutScore
from latentlab.experiments.importance.training import ImportanceScore
from latentlab.experiments.score_tables import MISSING, ScoreTable, grouped
from latentlab.runs.store import SHIPPED

PROGRESS = ScoreTable(ImportanceScore, SHIPPED / "importance.csv", part=lambda score: score.setting)
BOMB = ScoreTable(BombScore, SHIPPED / "importance-bomb.csv")
SHORTCUTS = ScoreTable(ShortcutScore, SHIPPED / "importance-shortcuts.csv")

SHOWN = (0, 200, 600, 1_000, 2_000)  # steps of the table
LAST = 0.9  # the source's test errors are means from here to the end
SOURCE = {"SGD (Davis and Arel 2013)": 0.0931, "SGD": 0.0754, "ISSGD": 0.0756}  # Table 7.1, on SVHN


def progress_rows(scores: Sequence[ImportanceScore]) -> list[dict[str, str]]:
    """A row for each setting, method and step: medians over seeds."""
    rows = []
    for (setting, method, step), own in grouped(scores, lambda one: (one.setting, one.method, one.step)).items():
        rows.append(
            {
                "setting": setting,
                "method": method,
                "t": str(step),
                "loss": _median(own, "loss"),
                "error": _median(own, "error", ".2%"),
                "test error": _median(own, "test_error", ".2%"),
                "√Tr ideal": _median(own, "ideal"),
                "stale + c": _median(own, "smoothed"),
                "stale": _median(own, "stale"),
                "uniform": _median(own, "uniform"),
                "mean |g|": _median(own, "norm"),
                "effective share": _median(own, "share", ".2f"),
                "largest weight": _median(own, "factor"),
                "seeds": str(len(own)),
            }
        )
    return rows


def bomb_rows(scores: Sequence[BombScore]) -> list[dict[str, str]]:
    """A row for each sweep and constant."""
    return [
        {
            "steps of a sweep": str(sweep),
            "c": f"{smoothing:g}",
            "largest weight": _range([one.factor for one in own]),
            "largest rise of the loss in 10 steps": _range([one.rise for one in own]),
            "diverged": f"{sum(one.diverged for one in own)} of {len(own)}",
        }
        for (sweep, smoothing), own in grouped(scores, lambda one: (one.sweep, one.smoothing)).items()
    ]


def shortcut_rows(scores: Sequence[ShortcutScore]) -> list[dict[str, str]]:
    """A row for each kind of weights: after each epoch their correlation with the exact lengths, and √Tr Σ."""
    rows = []
    for name, own in grouped(scores, lambda one: one.weights).items():
        row = {"weights": name}
        for epoch, found in grouped(own, lambda one: one.epoch).items():
            related = [one.correlation for one in found]
            row[f"r, epoch {epoch}"] = MISSING if np.isnan(related).any() else _range(related, ".3f")
            row[f"√Tr Σ, epoch {epoch}"] = _range([one.deviation for one in found], ".4g")
        rows.append(row)
    return rows


def wrong_rows(scores: Sequence[ImportanceScore]) -> list[dict[str, str]]:
    """A row for each training with wrong labels: how many of them were found, when best, and what they cost."""
    rows = []
    for (setting, method), own in grouped(scores, lambda one: (one.setting, one.method)).items():
        if not np.isfinite(own[0].recall):
            continue
        by_step = grouped(own, lambda one: one.step)
        best = max(by_step, key=lambda step: float(np.median([one.recall for one in by_step[step]])))
        last = by_step[max(by_step)]
        rows.append(
            {
                "setting": setting,
                "method": method,
                "wrong labels found, at best": _range([one.recall for one in by_step[best]], ".0%"),
                "after steps": str(best),
                "at the end": _range([one.recall for one in last], ".0%"),
                "share of the last draws": _range([one.wrong for one in last], ".0%"),
                "test error": _range([one.test_error for one in last], ".1%"),
            }
        )
    return rows


def test_error_rows(scores: Sequence[ImportanceScore]) -> list[dict[str, str]]:
    """The source's Table 7.1, and ours: the mean over the last tenth of the steps, and the range over seeds."""
    rows = [{"data": "SVHN (source)", "method": name, "test error": f"{x:.2%}"} for name, x in SOURCE.items()]
    for (setting, method), own in grouped(scores, lambda one: (one.setting, one.method)).items():
        if np.isfinite(own[0].recall):
            continue
        end = LAST * max(one.step for one in own)
        by_seed = grouped((one for one in own if one.step >= end), lambda one: one.seed)
        means = [float(np.mean([one.test_error for one in every])) for every in by_seed.values()]
        rows.append({"data": setting, "method": method, "test error": _range(means, ".2%")})
    return rows


def claim_rows(scores: Sequence[ImportanceScore]) -> list[dict[str, str]]:
    """A row for each thing that the source says, with what was measured of it."""
    rows = []
    plain = [one for one in scores if not np.isfinite(one.recall)]
    for setting, own in grouped(plain, lambda one: one.setting).items():
        ours = {(one.method, one.seed, one.step): one for one in own}
        pairs = [
            (one, ours["SGD", one.seed, one.step])
            for one in own
            if one.method == "ISSGD" and one.step and ("SGD", one.seed, one.step) in ours
        ]
        if not pairs:
            continue
        drawn = [one for one, _ in pairs]
        ordered = sum(one.ideal <= one.smoothed <= one.uniform for one in drawn)
        stale = sum(one.ideal <= one.stale <= one.uniform for one in drawn)
        last = [(one, two) for one, two in pairs if one.step == max(score.step for score in drawn)]
        ratios = [one.uniform / one.ideal for one, _ in last]
        lower, better = (sum(getattr(a, f) < getattr(b, f) for a, b in pairs) for f in ("loss", "test_error"))
        said = {
            "the training loss falls faster (Fig. 7.2)": f"lower in {lower} of {len(pairs)} measurements",
            "the test error is about the same (Fig. 7.3)": f"lower in {better} of {len(pairs)}",
            "ideal ≤ stale + c ≤ uniform (Fig. 7.4)": f"in {ordered} of {len(pairs)}; without c in {stale}",
            "the variance falls": f"√Tr uniform / ideal {_range(ratios)} at the end",
        }
        rows += [{"the source says": says, "setting": setting, "here": here} for says, here in said.items()]
    return rows


def _median(own: Sequence[ImportanceScore], name: str, form: str = ".3g") -> str:
    value = float(np.median([getattr(one, name) for one in own]))
    return format(value, form) if np.isfinite(value) else MISSING


def _range(values: Sequence[float], form: str = ".3g") -> str:
    """The median, and the range over seeds in brackets."""
    middle = format(float(np.median(values)), form)
    return f"{middle} ({format(min(values), form)} to {format(max(values), form)})" if len(values) > 1 else middle
