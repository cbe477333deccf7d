"""The tables of the experiments on curvature: means and ranges over seeds, and where they are kept."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from latentlab.experiments.curvature.race import RaceScore
from latentlab.experiments.curvature.training import FollowScore, ProgressScore, SubsetScore
from latentlab.experiments.score_tables import ScoreTable, grouped
from latentlab.runs.store import SHIPPED

PROGRESS = ScoreTable(ProgressScore, SHIPPED / "curvature.csv", part=lambda score: score.data)
SUBSETS = ScoreTable(SubsetScore, SHIPPED / "curvature-subsets.csv")
FOLLOWING = ScoreTable(FollowScore, SHIPPED / "curvature-following.csv")
RACE = ScoreTable(RaceScore, SHIPPED / "curvature-race.csv")


def progress_rows(scores: Sequence[ProgressScore]) -> list[dict[str, str]]:
    """A row for each data set and step: means and, of the least and the largest seed, the range."""
    rows = []
    for (dataset, step), own in grouped(scores, lambda score: (score.data, score.step)).items():
        rows.append(
            {
                "data": dataset,
                "t": str(step),
                "loss": _range([one.loss for one in own]),
                "λ smallest": _range([one.smallest for one in own]),
                "λ largest": _range([one.largest for one in own]),
                "best change SA": _range([one.low_change for one in own]),
                "LA": _range([one.high_change for one in own]),
                "median 1/(α*λ) LA": _range([one.newton for one in own]),
                "median |α*λ| SA": _range([one.longer for one in own]),
                "products SA / LA": f"{np.mean([o.low_products for o in own]):.0f} / "
                f"{np.mean([o.high_products for o in own]):.0f}",
                "seeds": str(len(own)),
            }
        )
    return rows


def subset_rows(scores: Sequence[SubsetScore]) -> list[dict[str, str]]:
    """A row for each number of examples and end of the spectrum."""
    return [
        {
            "examples": f"{n:,}",
            "share": f"{own[0].share:.0%}",
            "end": end,
            "largest error of λ": _range([one.error for one in own], ".1%"),
            "error of the extreme λ": _range([one.extreme_error for one in own], ".1%"),
            "cosine of the extreme v": _range([one.cosine for one in own], ".3f"),
            "largest angle": _range([one.angle for one in own], ".0f") + "°",
            "seeds": str(len(own)),
        }
        for (n, end), own in grouped(scores, lambda score: (score.n, score.end)).items()
    ]


def follow_rows(scores: Sequence[FollowScore]) -> list[dict[str, str]]:
    """A row for each way of following the lowest direction of one Hessian."""
    return [
        {
            "method": method,
            "vᵀHv after 100": _range([one.after_100 for one in own]),
            "after 400": _range([one.after_400 for one in own]),
            "λ smallest": _range([one.lowest for one in own]),
            "λ largest": _range([one.highest for one in own]),
        }
        for method, own in grouped(scores, lambda score: score.method).items()
    ]


def race_rows(scores: Sequence[RaceScore]) -> list[dict[str, str]]:
    """A row for each method: the loss after some steps, and what it costs."""
    rows = []
    for method, own in grouped(scores, lambda score: score.method).items():
        by_step = grouped(own, lambda score: score.step)
        last = by_step[max(by_step)]
        rows.append(
            {
                "method": method,
                **{f"loss at {step}": _range([one.loss for one in by_step[step]]) for step in sorted(by_step)},
                "vᵀHv at the end": _range([one.quotient for one in last]) if not math.isnan(last[0].quotient) else "–",
                "CPU s": f"{np.mean([one.seconds for one in last]):.1f}",
            }
        )
    return rows


def claim_rows() -> list[dict[str, str]]:
    """A row for each thing that the source says, with what was measured of it by the scores that are kept."""
    rows = []
    for dataset, own in grouped(PROGRESS.read(), lambda score: score.data).items():
        last = [one for one in own if one.step == max(score.step for score in own)]
        better = sum(one.low_change < one.high_change for one in own)
        products = [one.low_products / one.high_products for one in last]
        said = {
            "negative directions lower the loss more (Fig. 11.3)": f"in {better} of {len(own)} cases",
            "1/α* ≈ λ for λ > 0 (Fig. 11.4)": f"median 1/(α*λ) {_range([one.newton for one in last])} at the end",
            "steps for λ < 0 much longer than 1/|λ|": f"median |α*λ| {_range([one.longer for one in own])}",
            "LA cheaper than SA (§11.A)": f"SA takes {_range(products)} times LA's products at the end",
            "λ₁ hovers around 4.0 (§11.B)": f"λ₁ {_range([one.largest for one in last])} at the end",
        }
        rows += [{"the source says": says, "data": dataset, "here": here} for says, here in said.items()]
    for end, of_end in grouped(SUBSETS.read(), lambda score: score.end).items():
        few = [one for one in of_end if one.share == min(score.share for score in of_end)]
        found = f"{few[0].n} examples: eigenvalues off by up to {_range([one.error for one in few], '.0%')}"
        rows.append({"the source says": f"5 % of the data suffice, {end} (§11.D)", "data": "digits", "here": found})
    return rows


def _range(values: Sequence[float], form: str = ".3g") -> str:
    """The mean, and the range over seeds in brackets."""
    mean = format(float(np.mean(values)), form)
    return f"{mean} ({format(min(values), form)} to {format(max(values), form)})" if len(values) > 1 else mean
