"""Real readings with labels: what the same detectors find where no program made the faults."""

from __future__ import annotations

import streamlit as st

from latentlab.data import how_to_get
from latentlab.experiments.monitoring import recorded_anomalies
from pages.shared.text import plain


def draw_recorded() -> None:
    """The verdict and the table of the benchmark on recorded readings."""
    scores = recorded_anomalies.TABLE.read()
    if not scores:
        return
    st.markdown("**Real readings: nine sensors of a space shuttle**")
    st.markdown(plain(recorded_anomalies.verdict(scores)))
    st.dataframe(
        recorded_anomalies.table_rows(scores), hide_index=True, alt="Each detector on the readings of a space shuttle"
    )
    how = how_to_get(recorded_anomalies.DATA)
    st.caption(
        "All are fitted to normal readings alone. Means and standard deviations over seeds; the 95 % are over draws of "
        "the readings. The data set (Statlog Shuttle, as ODDS holds it) is an easy one, and its readings are in no "
        "order of time, so there is no delay to measure. `python -m latentlab reproduce monitoring-recorded`"
        + (f"; the data: {plain(how)}." if how else ".")
    )
