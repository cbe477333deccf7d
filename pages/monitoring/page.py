"""Monitoring: a stream of readings, how strange each is to a model of what is normal, and what raised an alarm."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from latentlab.analysis.monitoring.alarms import Alarm, Rule, alarms
from latentlab.analysis.monitoring.scores import can_score, unit
from latentlab.analysis.monitoring.thresholds import Threshold, cheapest
from latentlab.analysis.monitoring.verdict import of_classes, of_readings, of_stream, worst
from latentlab.analysis.stats import proportion
from latentlab.data.builtin.photovoltaic.plant import FIRST_DAY, LAST_DAY
from latentlab.experiments.monitoring.of_run import GAP, LEAST, NormalScores
from latentlab.experiments.monitoring.streams import NONE, SKY
from latentlab.figures.monitoring.details import deviation_bars
from latentlab.subjects import StoredRun, Subject
from pages.monitoring.classes import draw_confusion, predicted
from pages.monitoring.details import draw_alarm, draw_faults, draw_map
from pages.monitoring.drift import draw_drift
from pages.monitoring.labels import draw_labels
from pages.monitoring.own import SIMULATED, WHOSE, bring, download_stream
from pages.monitoring.picture import ALARM, draw_picture, drawn_sensors
from pages.monitoring.recorded import draw_recorded
from pages.monitoring.report import offer_report
from pages.monitoring.tables import draw_source
from pages.monitoring.watched import (
    Chosen,
    Codes,
    Simulated,
    Watched,
    can_map,
    clock,
    faults_task,
    is_plant,
    names,
    normal_scores,
    path,
    source,
    step,
    watched,
)
from pages.navigation import MONITORING, TRAIN
from pages.shared import cached
from pages.shared.background import Waiting, show_tasks
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

FAULT: Slot[str] = Slot("fault")
BY_RATE, BY_COST = "false alarms", "cost"
RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
USUAL_RATE = 0.01
COSTS = (1, 10, 100, 1_000, 10_000)
NO_ALARM = 1e9  # a threshold that nothing reaches
FAULTY = 0.01  # the share of readings with a fault, where costs are compared
USUAL_FAULT, USUAL_DAY, USUAL_SHARE = "PS75", 75, 50  # %


def monitoring(run: Subject) -> None:
    """The verdict, the stream with its alarms, one alarm closely, and three closer looks."""
    said = st.container()
    whose = linked_choice("Readings", WHOSE, SIMULATED, "readings")
    picture, side = st.columns([2, 1], gap="large")
    known = normal_scores(run)
    with side:
        chosen, is_normal = _choose_stream(run, whose)
        found = watched(run, chosen)
        if is_normal:
            known = known.by(found.scores)
        threshold = _choose_threshold(run, known)
    stream, rate = found.stream, threshold.rate.value
    spans = alarms(found.scores, Rule(threshold.value, LEAST, GAP))
    labels = _labels(run, found, spans)
    with side:
        at = _choose_alarm(found, labels, str((run.id, getattr(chosen, "key", chosen), threshold.value)))
        _draw_sensors(run, found, at)
    named = predicted(run, chosen)
    if stream.is_own:
        verdict = of_readings(found.scores, spans, threshold.value, rate)
    else:
        knows = named is not None
        verdict = of_stream(found.scores, spans, stream.begin, threshold.value, rate, step(run), knows)
    if named is not None:
        verdict += f" {of_classes(named, found.scores > threshold.value, stream.begin, run.classes)}"
    said.info(plain(verdict), icon=":material/lightbulb:")
    with picture:
        draw_picture(run, found, labels, threshold.value, at, str((run.id, getattr(chosen, "key", chosen))))
    along = path(run, chosen) if can_map(run) else None
    tabs(
        {
            "This alarm": partial(_draw_alarm, run, found, chosen, along, at, threshold.value, spans),
            "Which faults are found": partial(_draw_faults, run, threshold),
            "Map": partial(_draw_map, run, chosen, found, along, at, threshold.value),
        }
    )
    with st.container(horizontal=True):
        TRAIN.link("Train another", dataset=run.dataset)
        download_stream(run, stream, getattr(chosen, "place", 0))
        offer_report(run, chosen, found, spans, threshold, len(known.scores))


def _draw_map(run: Subject, chosen: Chosen, found: Watched, along: Codes | None, at: int, threshold: float) -> None:
    """The codes of the stream, and how they drift over weeks."""
    draw_map(run, found, along, at, threshold)
    draw_drift(run, chosen, found)


def _draw_alarm(
    run: Subject, found: Watched, chosen: Chosen, along: Codes | None, at: int, threshold: float, spans: Sequence[Alarm]
) -> None:
    """One reading closely, and the way to say what its alarm is."""
    draw_alarm(run, found, along, at, threshold)
    draw_labels(run, found, chosen, next((one for one in spans if one.start <= at < one.end), None))


def _draw_faults(run: Subject, threshold: Threshold) -> None:
    """Those of this run, what the source has measured, and what is found in real readings."""
    draw_faults(run, threshold)
    draw_confusion(run)
    draw_source()
    draw_recorded()


def _choose_stream(run: Subject, whose: str) -> tuple[Chosen, bool]:
    """Which readings are watched, and whether thresholds come from them."""
    if whose == SIMULATED:
        return _choose_fault(run), False
    own = bring(run)
    if own is None:
        return _usual(run), False
    n = int(np.isfinite(watched(run, own).scores).sum())
    why = f"{n} readings with a score are too few" if n * RATES[-1] < 1 else ""
    text = why or "The threshold comes from them"
    are_normal = st.toggle("They are normal", key="normal", bind="query-params", disabled=bool(why), help=text)
    return own, are_normal and not why


def _usual(run: Subject) -> Simulated:
    """The stream that the page opens with."""
    faults = list(source(run).faults)
    fault = USUAL_FAULT if USUAL_FAULT in faults else faults[0]
    return Simulated(fault, *((USUAL_DAY, next(iter(SKY))) if is_plant(run) else (0, "")), USUAL_SHARE / 100)


def _choose_fault(run: Subject) -> Simulated:
    """Which fault begins when, under which sky."""
    faults = [NONE, *source(run).faults]
    default = _usual(run).fault
    FAULT.settle(faults, default, of=str(is_plant(run)))
    text = source(run).faults
    fault = st.selectbox("Fault", faults, faults.index(default), key=FAULT.name, bind="query-params")
    st.caption(plain(text[fault]) if fault in text else "Normal readings only.")
    sky, place = "", 0
    if is_plant(run):
        sky = linked_choice("Sky", tuple(SKY), next(iter(SKY)), "sky")
        place = st.slider("Day of the year", FIRST_DAY, LAST_DAY - 1, USUAL_DAY, key="day", bind="query-params")
    share = st.slider("It begins after", 10, 90, USUAL_SHARE, 5, format="%d %%", key="begins", bind="query-params")
    return Simulated(fault, place, sky, share / 100)


def _choose_threshold(run: Subject, known: NormalScores) -> Threshold:
    """From which score on something is an alarm: by a rate of false alarms, or by what mistakes cost."""
    by = linked_choice("Threshold by", (BY_RATE, BY_COST), BY_RATE, "threshold")
    possible = [rate for rate in RATES if rate * (len(known.scores) + 1) >= 1]
    first = USUAL_RATE if USUAL_RATE in possible else possible[0]
    if by == BY_RATE:
        rate = st.select_slider(
            "False alarms among normal readings", possible, first, key="rate",
            format_func="{:.1%}".format, bind="query-params",
        )  # fmt: skip
        return known.at_rate(float(rate))
    cost = st.select_slider(
        "A missed fault costs as many false alarms", COSTS, COSTS[2], key="cost", bind="query-params"
    )
    usual = known.at_rate(first)
    if not isinstance(run, StoredRun):
        return usual
    task = faults_task(run)
    if task.result is None:
        show_tasks([task], Waiting("Looking for every fault", "Until then 1 % false alarms."), "They can't be found")
        return usual
    best = cheapest(known.scores, task.result.faulty, FAULTY, float(cost))
    st.caption(
        f"Cheapest where {FAULTY:.0%} of the readings have a fault: {best.false_alarms:.1%} false alarms, "
        f"{best.misses:.0%} missed readings."
    )
    return Threshold(min(best.value, NO_ALARM), proportion(known.scores > best.value, known.days))


def _choose_alarm(found: Watched, labels: Mapping[str, Alarm], of: str) -> int:
    """The reading that is looked at: the peak of an alarm, the first since the fault at first."""
    if not labels:
        st.caption("No alarm: the reading with the highest score is looked at.")
        return int(np.nanargmax(found.scores))
    after = [name for name, one in labels.items() if one.end > found.stream.begin]
    default = after[0] if after else next(iter(labels))
    ALARM.settle(list(labels), default, of=of)
    chosen = st.selectbox("Alarm", list(labels), list(labels).index(default), key=ALARM.name)
    return labels[chosen].peak_at


def _labels(run: Subject, found: Watched, spans: Sequence[Alarm]) -> dict[str, Alarm]:
    return {
        " to ".join(clock(found.stream, [one.start, one.end - 1]))
        + f", up to {one.peak:,.0f} {unit(cached.model(run))}": one
        for one in spans
    }


def _draw_sensors(run: Subject, found: Watched, at: int) -> None:
    apart, shown = found.apart(at), drawn_sensors(found)
    when = clock(found.stream, [at])[0]
    st.markdown(f"**At {when}**: {plain(worst(apart, names(run)))}.")
    texts = [
        f"read {read:.3g}, expected {mean:.3g}"
        for read, mean in zip(found.stream.newest[at, shown], found.mean[at, shown], strict=True)
    ]
    figure(
        deviation_bars(apart[shown], [names(run)[k] for k in shown], texts, look()),
        "How far each sensor is from what was expected",
    )


run = header(MONITORING)
if run is None:
    st.stop()
if not can_score(cached.model(run)):
    st.info(f"“{plain(run.title)}” neither bounds log p(x) nor reconstructs, so it can't say what is strange.")
    st.stop()
if not is_plant(run) and len(normal_scores(run).scores) * RATES[-1] < 1:
    st.info("Too few test examples are saved with it to say what is normal.")
    st.stop()
st.fragment(monitoring)(run)
notes(
    "Each sensor over the day, solid, and what the model expected of it, dotted. Below, how strange each reading is: "
    "minus the ELBO of what it learned from normal readings. Shaded: alarms. Dashed: where the fault begins.",
    "Let snow fall, then cut the string, and play the day. Raise the resistance by half (RS4) under an overcast sky: "
    "nothing shows, as that fault grows with the current. Choose no fault and count the false alarms. Let the sensor "
    "of the irradiance stick, and look whom the model blames. Drop readings of your own. Give an alarm a name, train "
    "with that label, and play the fault again with the new run: what was unknown has its name.",
    "A model of normal readings needs no example of a fault; what it finds improbable is strange, and the sensors that "
    "it explains worst say why (Maaløe 2018, chapter 6, whose threshold of −60 nats holds for its data alone). "
    "Neighbours in time resemble each other, so the rate of false alarms has a wide band: days differ.",
)
