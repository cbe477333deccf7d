"""Transfer: accuracy against the number of labels, for trunks that know more or less beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from latentlab.analysis.classification.metrics import all_negative
from latentlab.analysis.stats import wilson
from latentlab.experiments import transfer
from latentlab.experiments.score_tables import grouped
from latentlab.experiments.transfer import TransferScore
from latentlab.experiments.transfer_source import N_CLASSES, SOURCE, source_rows
from latentlab.figures.transfer import label_curves
from latentlab.models import HasTrunk
from latentlab.runs.store import Store
from latentlab.subjects import stored
from pages.navigation import CLASSIFIER, TRANSFER
from pages.shared.header import look, notes, title_line
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.transfer.try_it import try_it

METRICS = {"categorical": "softmax", "binary": "sigmoid"}  # and the head that was trained for it
TESTED = ("sketches", "by people")


def measured(scores: Sequence[TransferScore]) -> None:
    """The verdict, a line for each trunk, and how many of its numbers are trained."""
    verdict_here = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        metric = linked_choice(
            "Accuracy", tuple(METRICS), "categorical", "metric",
            help="categorical: the most probable class is right. binary: each class is a decision of its own, a yes or "
            "a no, and all of them count, as in the source; its trainings have a sigmoid for each class",
        )  # fmt: skip
        drawings = any(score.n_real for score in scores)
        on = linked_choice("Tested on drawings", TESTED, "sketches", "on") if drawings else TESTED[0]
    head, real = METRICS[metric], on != TESTED[0]
    is_binary = head == "sigmoid"
    text = transfer.binary_verdict(scores) if is_binary else transfer.verdict(scores, head, real)
    verdict_here.info(plain(text), icon=":material/lightbulb:")
    with picture:
        lines = transfer.lines(scores, head, real)
        own = {} if real else _own("binary error" if is_binary else "error", head)
        nothing = all_negative(N_CLASSES) if is_binary else None
        figure(label_curves(lines, own, look(), nothing), "Accuracy against the number of labels, a line a trunk")
        n = max(score.n_real if real else score.n_test for score in scores)
        what = "drawings by people (Quick, Draw! data by Google, CC BY 4.0)" if real else "sketches of a program"
        between = wilson(0.8, n)
        st.caption(
            f"Means over {len({score.seed for score in scores})} seeds, bands from the lowest to the highest, tested "
            f"on {n:,} {what}: 80 % of so many has the 95 % interval {between.low:.1%} to {between.high:.1%}."
        )
    with side:
        _parameters(scores)


def _own(term: str, head: str) -> dict[str, tuple[int, float]]:
    """The user's own trainings of such a head on these data: title -> labels and accuracy."""
    heads = [run for run in stored(HasTrunk) if run.config.get("head", transfer.HEADS[0]) == head]
    runs = [run for run in heads if run.dataset == transfer.DATA and term in run.metrics]
    most = max(transfer.LABELS)
    return {run.title: (int(run.training.get("labels", 0)) or most, 1 - run.metrics[term]) for run in runs}


def _parameters(scores: Sequence[TransferScore]) -> None:
    rows = [
        {"trunk": trunk, "trainable": own[0].trainable, "frozen": own[0].frozen}
        for trunk, own in grouped(scores, lambda score: score.trunk).items()
    ]
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in ("trainable", "frozen")}
    st.dataframe(rows, hide_index=True, column_config=numbers, alt="How many numbers of each trunk are trained")


def _every_number(scores: Sequence[TransferScore]) -> None:
    st.dataframe(transfer.table_rows(scores), hide_index=True, alt="Every trunk with every number of labels")
    st.caption(
        "Mean ± standard deviation over the seeds, each of which draws the labels and what is random. A frozen trunk "
        "gives its features once, before the first epoch. The small trunks are the network of “MNIST, small "
        "classifier”, 28 × 28 pixels; Lite0 has learned 1,000 classes of photographs. `latentlab reproduce transfer`."
    )


def _source() -> None:
    st.dataframe(source_rows(), hide_index=True, alt="The source's table of three networks")
    vgg, _, resnet = SOURCE
    st.caption(
        "Burhanpurkar (2020), Table 1: three networks of ImageNet with a head of one layer, on 49,000 drawings of "
        f"seven classes. (1) The accuracies are binary ones, as her notebooks show: {resnet.network}'s "
        f"{resnet.test:.4f} is no to every class, {6 / 7:.4f}, and a fraction more. So {vgg.network}'s {vgg.test:.4f} "
        "can't be compared with the 0.9651 of her network from scratch, which is categorical; the table says what "
        "it guarantees. (2) Her fine-tuning very probably trained nothing: the model wasn't compiled again once its "
        "layers were set free, and the first 100 layers stayed frozen, which are all of VGG19's. Her curves are flat "
        "from there on. (3) Her conclusion prints 98.4 %, her table 98.3 %. Her networks aren't run here."
    )


title_line(TRANSFER)
store = Store.default()
scores = transfer.TABLE.read()
contents = {"Try it": partial(try_it, store)}
if scores:
    measured(scores)
    tabs({**contents, "Every number": partial(_every_number, scores), "The source's table": _source})
else:
    st.info("Nothing has been measured yet; `latentlab reproduce transfer` does it.", icon=":material/swap_horiz:")
    tabs({**contents, "The source's table": _source})
CLASSIFIER.link("See what a classifier confuses")
notes(
    "One line a trunk: the network below a new head of one linear layer. It knows nothing (random), handwritten digits "
    "(MNIST) or photographs (Lite0), and is frozen or trained with the head. From left to right there are more labels "
    "of the sketches to learn from.",
    "Switch to binary accuracy, which the source reports: which trunk is best with 70 labels now? Then train a head "
    "yourself on 70 labels, frozen and fine-tuned.",
    "A frozen trunk leaves few parameters to learn, so few labels do; with many the features of another task are in "
    "the way. The head is softmax(W (f(x) − m)/s + b), with the mean m and the deviation s of the training examples' "
    "features (Burhanpurkar 2020, §2.1; Yosinski et al. 2014). Binary accuracy is the share of right answers among all "
    "N·K yes-or-no ones; b of it guarantees a categorical accuracy of 1 − K (1 − b) at least.",
)
