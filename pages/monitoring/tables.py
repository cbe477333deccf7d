"""What the source has measured of a plant's conditions, and what the same trainings give on simulated readings."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import streamlit as st

from latentlab.data.builtin.photovoltaic.plant import CLASSES
from latentlab.experiments.monitoring import added_conditions, next_month
from latentlab.experiments.monitoring import conditions as condition_monitoring
from latentlab.experiments.monitoring.added_conditions import ADDED, by_step
from latentlab.experiments.monitoring.condition_results import SPLITS, by_labels, confusions, reported, verdict
from latentlab.experiments.monitoring.conditions import ALL, LABELS, SDGM, TWO
from latentlab.figures.classification.confusion import ROWS, confusion_matrix
from latentlab.figures.monitoring.conditions import accuracy_curves, strangeness_curves
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.linked_choice import linked_choice
from pages.shared.text import plain

RATES = {
    "accuracy": "accuracy", "accuracy of known ones": "known_accuracy", "AUROC of others": "auroc",
    "others found": "found", "false alarms": "false_alarms",
}  # fmt: skip
SENSORS = {"six sensors": ALL, "current and voltage": TWO}
BOUNDS = {"known ones": "labelled", "others": "unlabelled", "threshold": "threshold"}


def draw_source() -> None:
    """How well classifiers name the conditions of the plant, next to the source's numbers, one picture at a time."""
    measured = {one.sensors for one in condition_monitoring.TABLE.read()}
    views: Mapping[str, Callable[[], None]] = {
        **{name: partial(_accuracies, n) for name, n in SENSORS.items() if n in measured},
        "confusions": _confusions, "conditions added": _added, "next month": _next_month,
    }  # fmt: skip
    views[linked_choice("Numbers of the source", tuple(views), "six sensors", "numbers")]()
    st.caption(
        "On simulated readings; those of the source (Maaløe et al. 2020, five random splits) weren't published. A seed "
        "draws split, labels and first parameters; bars are standard deviations over seeds. The SDGM has 60 epochs, an "
        "MLP 4,000 steps; early: where its validation cross-entropy is lowest. "
        "`python -m latentlab reproduce monitoring`."
    )


def _accuracies(sensors: int) -> None:
    scores, along = condition_monitoring.TABLE.read(), [f"{n:,}" if n else "all" for n in LABELS[sensors]]
    drawn = {
        how: accuracy_curves(by_labels(scores, data, sensors), along, "labels", reported(data, sensors), look())
        for data, how in SPLITS.items()
    }
    panels(drawn, "Accuracy of each classifier against the number of labels")
    st.markdown("\n".join(f"- {plain(one)}" for one in verdict(scores)))


def _confusions() -> None:
    scores, order = condition_monitoring.TABLE.read(), np.arange(len(CLASSES))
    counts = {how: confusions(scores, data, ALL, 0, SDGM) for data, how in SPLITS.items()}
    drawn = {how: confusion_matrix(found, CLASSES, order, ROWS, None, look()) for how, found in counts.items()}
    panels(drawn, "SDGM with all labels: a row a true condition, a column what it is taken for, %")


def _added() -> None:
    scores, along = added_conditions.TABLE.read(), [f"{'+ ' * (k > 0)}{name}" for k, name in enumerate(ADDED)]
    measured = {one.data for one in scores}
    for data, how in ((data, how) for data, how in SPLITS.items() if data in measured):
        rates, bounds = ({name: by_step(scores, data, one) for name, one in of.items()} for of in (RATES, BOUNDS))
        drawn = {
            f"Known ones named, others found; {how}": accuracy_curves(rates, along, "known", {}, look()),
            f"Median U; {how}": strangeness_curves(bounds, along, "known", look()),
        }
        panels(drawn, "As conditions are added")
        st.markdown(plain(added_conditions.verdict(scores, data)))


def _next_month() -> None:
    scores = next_month.TABLE.read()
    st.dataframe(next_month.table_rows(scores), hide_index=True, alt="False alarms of the month after a threshold")
    st.markdown(plain(next_month.verdict(scores)))
