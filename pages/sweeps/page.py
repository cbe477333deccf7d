"""Sweeps: the trainings of a grid of settings compared on held-out examples, over seeds."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import streamlit as st

from latentlab.analysis.sweep import Comparison, Interval, compare, interval, verdict
from latentlab.figures.sweep import DRAWN, curves_with_bands, parallel_coordinates
from latentlab.jobs.sweep import said
from latentlab.jobs.sweep_results import Measure, Trained
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from pages.navigation import SWEEPS, TRAIN
from pages.shared.header import look, notes, title_line
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.sweeps.new_sweep import new_sweep
from pages.sweeps.running import draw_progress
from pages.sweeps.shipped import shipped
from pages.sweeps.shown import Shown, choose


def sweep_page(store: Store) -> None:
    """The verdict, the trainings as parallel coordinates, and the curves and numbers of all settings."""
    verdict_here = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        shown = choose(store, shipped())
        if shown is None:
            st.info("Nothing has been swept yet.", icon=":material/grid_view:")
            new_sweep(store)
            return
        measure = _choose_measure(shown)
        if shown.sweep is not None:
            draw_progress(store, shown.sweep)
    found = shown.trained(measure)
    compared = compare(found.scores, measure.higher_is_better)
    names = [said(setting) for setting in found.settings]
    verdict_here.info(plain(verdict(compared, names, measure.unit)), icon=":material/lightbulb:")
    with side:
        _best(shown, measure, compared, names)
    with picture:
        drawn = parallel_coordinates(found.settings, found.scores, compared, _called(measure), look())
        figure(drawn, "Each training's knobs and its score on held-out examples, the best setting's thick")
        st.caption(
            "A line for each training. Thick: the setting with the best mean; dashed: what isn't shown to be worse; "
            f"{'higher' if measure.higher_is_better else 'lower'} is better."
        )
    tabs(
        {
            "Learning curves": partial(_curves, found, compared),
            "All settings": partial(_table, shown, found, compared),
            "New sweep": partial(new_sweep, store),
        }
    )


def _choose_measure(shown: Shown) -> Measure:
    known = {one.term: one for one in shown.measures}
    first = next(iter(known))
    return known[linked_choice("Compare by", tuple(known), first, "by")] if len(known) > 1 else known[first]


def _best(shown: Shown, measure: Measure, compared: Comparison, names: list[str]) -> None:
    """The test score of the chosen setting, the only one that is looked at, and links to its runs."""
    if compared.best is None:
        return
    try:
        tested = interval(shown.test(compared.best, measure))
    except RunError as error:
        st.caption(plain(str(error)))
        return
    if tested.n:
        st.metric(
            f"Test {_called(measure)} of {names[compared.best]}", str(tested),
            help="Mean over seeds ± half of the 95 % t interval. The test split chose nothing: only this setting is "
            "looked at, once it was chosen on the validation split",
        )  # fmt: skip
    if shown.sweep is None:
        if shown.about:
            st.caption(plain(shown.about))
        st.caption(f"Ships as numbers, without its networks: `python -m latentlab reproduce {shown.command}`.")
        TRAIN.link("Train one of them", dataset=shown.dataset, model=shown.model)
        return
    n = len(shown.sweep.seeds)
    with st.container(horizontal=True):
        for seed, run_id in zip(shown.sweep.seeds, shown.sweep.runs[compared.best * n :][:n], strict=True):
            TRAIN.link(f"Seed {seed}", run=run_id)


def _curves(found: Trained, compared: Comparison) -> None:
    if not found.curves.shape[2]:
        st.caption("Curves appear with the first epoch.")
        return
    drawn = curves_with_bands(found.settings, found.curves, compared, _called(found.measure), look())
    figure(drawn, "Held-out score after each epoch: means over seeds, with bands for the best settings")
    whose = f"the best {min(DRAWN, len(compared.order))} settings" if len(compared.order) > 1 else "the settings"
    st.caption(f"Means over seeds; bands: 95 % t intervals of {whose}. Drag over a part to enlarge it.")


def _table(shown: Shown, found: Trained, compared: Comparison) -> None:
    ranked = compared.order.tolist()
    leads = dict(zip(ranked, compared.leads, strict=True))
    order = [*ranked, *(k for k in range(len(found.settings)) if k not in leads)]
    rows = [_row(shown, found, compared, k, leads.get(k)) for k in order]
    links = {f"seed {seed}": _link(seed) for seed in found.seeds} if shown.sweep is not None else {}
    st.dataframe(
        rows, hide_index=True, placeholder="–", column_config=links,
        alt="Each setting: its knobs, its mean score over seeds, and how far it is behind the best",
    )  # fmt: skip
    st.caption(
        "Means over seeds ± half of the 95 % t interval, the best first; behind the best: paired by seed. A setting "
        "that isn't clearly worse may be as good."
        + (" The source's: one training each, on its own validation split." if shown.published else "")
    )


def _row(shown: Shown, found: Trained, compared: Comparison, k: int, lead: Interval | None) -> dict[str, Any]:
    row: dict[str, Any] = dict(found.settings[k])
    row[f"validation {_called(found.measure)}"] = str(compared.settings[k]) or None
    is_best = k == compared.best
    row["behind the best"] = None if lead is None or is_best else str(lead)
    row["clearly worse"] = None if lead is None or is_best else bool(lead.low > 0)
    row |= shown.published[k] if shown.published else {}
    row["seeds"] = f"{compared.settings[k].n} of {len(found.seeds)}"
    for r, seed in enumerate(found.seeds):
        score = found.scores[k, r]
        if shown.sweep is None:
            row[f"seed {seed}"] = None if math.isnan(score) else f"{score:.4g}"
        else:
            run_id = shown.sweep.runs[k * len(found.seeds) + r]
            row[f"seed {seed}"] = None if math.isnan(score) else f"{TRAIN.url}?run={run_id}#{score:.4g}"
    return row


def _link(seed: int) -> Any:
    return st.column_config.LinkColumn(f"seed {seed}", display_text=r"#(.+)$", help="Opens the run")


def _called(measure: Measure) -> str:
    return f"{measure.term} ({measure.unit})" if measure.unit else measure.term


title_line(SWEEPS)
sweep_page(Store.default())
notes(
    "Every training of a grid of settings, each with several seeds: its knobs, and its score on the validation split. "
    "The verdict compares the best setting with the next, seed by seed.",
    "Open “All settings”: how many of them are as good as the best? Start a sweep of your own with two seeds and then "
    "with five, and watch the intervals shrink. Add the training's learning rate as the second knob.",
    "The mean of the best of many settings flatters it, so what counts is its difference from the next one: the t "
    "interval over seeds (Student 1908). Settings are compared by a bound or an error, not by the loss, which a weight "
    "such as β changes. The test split is looked at once, for the setting that was chosen.",
)
