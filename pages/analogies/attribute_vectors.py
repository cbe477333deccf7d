"""Attribute vectors of a model without class input: two groups, the direction between them, and what it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.activations import encode_all
from latentlab.analysis.columns import Columns
from latentlab.analysis.image_attributes import thirds
from latentlab.analysis.latent.attribute_vectors import METHODS, Attribute, Method, attribute_vector
from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.data import Kind, to_bytes
from latentlab.export.csv_text import csv_text
from latentlab.figures.conditional.analogies import Predictions, analogy_sheet, film_of
from latentlab.figures.sheets import gif, sheet_png
from latentlab.models import Conditional, Decodes, Encodes
from latentlab.subjects import Subject, stored
from pages.analogies.rows import called, draw_seed
from pages.analogies.sheet import classifier_toggle
from pages.components import digest
from pages.navigation import ANALOGIES
from pages.shared import cached, url_state
from pages.shared.choose_second_run import choose_second_run
from pages.shared.classifier import independent_classifier
from pages.shared.downloads import download
from pages.shared.example_view import appearance_of, columns_of, note
from pages.shared.header import look
from pages.shared.images import drawing
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.selections import link, offered, picked
from pages.shared.text import plain

Floats = NDArray[np.float32]

STEPS = 7  # columns
ROWS = 5
SEED = 0
N_BOOT = 100  # for the cone
NAMES: dict[Method, str] = {"mean": "Means", "probe": "Probe", "lda": "LDA"}


@dataclass(frozen=True)
class VectorSettings:
    """What the visitor chose.

    Attributes:
        a, b: the members of the two groups: classes, thirds of an attribute, or names of `offered` groups.
        method: how the direction is found.
        reach: how far to go, in gaps between the groups' means.
        images: the test examples that it is applied to.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    method: Method
    reach: float
    images: tuple[int, ...]


@dataclass(frozen=True)
class MovedExamples:
    """Examples moved along a direction: codes (N, S, D), amounts (S,) in gaps, images (N, S, *shape)."""

    codes: Floats
    amounts: Floats
    images: NDArray[np.float32]


def choose_groups(run: Subject) -> tuple[VectorSettings, bool]:
    """Let the visitor choose two groups of classes or of an attribute, a method, how far to go, from where, and

    whether to classify the images.
    """
    names, more = list(run.classes), offered(run)
    choices = list(dict.fromkeys([*names, *_thirds(run), *more]))
    first, last = names[min(3, len(names) - 1)], names[min(8, len(names) - 1)]
    chosen = []
    for side, label, default in (("a", "Group A", last if last != first else names[0]), ("b", "minus group B", first)):
        linked = [part for part in (url_state.read(side) or "").split(";") if part in choices]
        lasso = [name for name in picked(run.dataset) if name.startswith(f"lasso {side.upper()}")]
        members = st.multiselect(
            label, choices, lasso or linked or [default], key=f"group-{side}-{run.id}-{lasso}",
            help="Classes of test examples, thirds of them by a measured attribute, values of a column, or what was "
            "selected on the page Clusters",
        )  # fmt: skip
        url_state.write(side, ";".join(members) if members not in ([default], lasso) else None)
        if not link(side, next((more[name] for name in members if name in lasso), None)):
            st.caption("This selection is too large for the address, so a link will not contain it.")
        chosen.append(tuple(members))
    method = linked_choice("Direction", list(METHODS), "mean", "direction", format_func=NAMES.__getitem__,
        help="Difference of means · logistic regression · Fisher's discriminant")  # fmt: skip
    reach = st.slider(
        "Strength", -3.0, 3.0, 1.5, 0.25, key="reach", bind="query-params", format="%.2f",
        help="1 is from the mean of B to the mean of A",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Other examples", key="others", on_click=_other, icon=":material/casino:")
        with st.popover("More"):
            start = linked_choice("Apply to", ["group B", "group A", "any"], "group B", "onto")
            classified = classifier_toggle(run)
    from_group = {"group B": chosen[1], "group A": chosen[0], "any": tuple(names)}[start]
    return VectorSettings(chosen[0], chosen[1], method, float(reach), _some(run, from_group, draw_seed())), classified


def choose_other(run: Subject) -> Subject | None:
    """Let the visitor choose a second model of the same data."""
    about = "The same groups and examples in another model"
    return choose_second_run(run, (Decodes, Encodes), lambda one: (one.shape, one.dataset), about)


def link_to_class_conditional(run: Subject) -> None:
    """A link to a class-conditional model, of the same data if there is one."""
    found = sorted(stored(Conditional), key=lambda r: r.dataset != run.dataset)
    if found:
        ANALOGIES.link(f"Every style in every class: {plain(found[0].title)}", run=found[0].id)


def attribute(run: Subject, a: tuple[str, ...], b: tuple[str, ...], method: Method) -> Attribute | str:
    """The direction from group b to group a with its uncertainty, or the reason why there is none."""
    z_a, z_b = _codes(run, a), _codes(run, b)
    return _attribute(run, method, digest(z_a, z_b), z_a, z_b)


@remember(64, "Computing the direction …")
def _attribute(run: Subject, method: Method, groups: str, _a: Floats, _b: Floats) -> Attribute | str:  # noqa: ARG001
    try:
        return attribute_vector(_a, _b, method, N_BOOT, SEED)
    except ValueError as error:
        return str(error)


def move_examples(run: Subject, settings: VectorSettings, found: Attribute) -> MovedExamples:
    """The chosen examples, moved along the direction."""
    amounts = np.linspace(0, settings.reach, STEPS, dtype=np.float32)
    start = cached.standard_codes(run)[list(settings.images)].numpy()
    codes = start[:, None] + (amounts * np.float32(found.gap))[:, None] * found.direction
    images = cached.decoder(run)(torch.from_numpy(codes).flatten(0, 1)).numpy()
    return MovedExamples(codes, amounts, images.reshape(*codes.shape[:2], *run.shape))


def draw_moved(
    run: Subject, settings: VectorSettings, found: Attribute, moved: MovedExamples, classified: bool
) -> None:
    """A row for each example, further along the direction with every column; and the uncertainty of the direction."""
    some = cached.examples(run).batch(torch.tensor(settings.images))
    words = None
    classify = independent_classifier(run) if classified else None
    if classify is not None:
        log_probs = classify(torch.from_numpy(moved.images).flatten(0, 1)).reshape(*moved.images.shape[:2], -1)
        words = Predictions(log_probs.argmax(2).numpy(), log_probs.exp().amax(2).numpy())
    columns = [f"{amount:+.3g}" if amount else "0" for amount in moved.amounts]
    rows = [called(run, i) for i in settings.images]
    shown = appearance_of(run).narrowed(moved.images.reshape(-1, *run.shape))
    drawn = analogy_sheet(moved.images, some.x.numpy(), columns, rows, run.classes, look(), shown, words)
    drawing(drawn, "A row for each example, further along the direction with every column")
    note(shown)
    works = "works: it" if found.is_real else "is no better than shuffled groups: it"
    st.markdown(
        f"**{plain('+'.join(settings.a))} minus {plain('+'.join(settings.b))} {works} ranks {found.auc.value:.1%} of "
        f"held-out pairs correctly, shuffled groups {found.shuffled.mean:.1%}.**"
    )
    st.caption(
        f"This is the AUC; its 95 % interval is {found.auc.low:.1%} to {found.auc.high:.1%}. The true direction lies "
        f"within {found.cone:.0f}° of this one, 95 times in 100."
    )


def draw_comparison(other: Subject, settings: VectorSettings, classified: bool) -> None:
    """The same groups and examples in another model."""
    st.markdown(f"**{plain(other.title)}**, the same groups and examples")
    found = attribute(other, settings.a, settings.b, settings.method)
    if isinstance(found, str):
        st.info(found)
    else:
        draw_moved(other, settings, found, move_examples(other, settings, found), classified)


def export(run: Subject, found: Attribute, moved: MovedExamples) -> None:
    """The sheet as an image and the path as an animation, or both as a table of vectors; the direction as a table."""
    name, units = f"{run.id}-attribute", columns_of(run)
    with st.container(horizontal=True):
        if units is None:
            flat, frames = to_bytes(moved.images.reshape(-1, *run.shape)), moved.images.swapaxes(0, 1)[:, None]
            download("PNG", lambda: sheet_png(flat, STEPS, scale=2), f"{name}.png")
            download("GIF", lambda: gif(film_of(frames, 4)), f"{name}.gif", "All rows, there and back")
        else:
            download("Examples", lambda: _moved_csv(units, moved), f"{name}-examples.csv", "A line for each example")
        download("CSV", lambda: _csv(found), f"{name}.csv", "The direction: a line for each dimension")


def _csv(found: Attribute) -> str:
    rows = [[dimension_name(axis), f"{value:.6g}"] for axis, value in enumerate(found.direction)]
    return csv_text([["dimension", found.method], *rows])


def _moved_csv(units: Columns, moved: MovedExamples) -> str:
    """One row an example: how far it was moved, and its numbers in the user's units."""
    table = [["row", "moved", *units.heads]]
    for i, row in enumerate(moved.images):
        table += [[str(i + 1), f"{by:.4g}", *units.exact(x)] for by, x in zip(moved.amounts, row, strict=True)]
    return csv_text(table)


def _codes(run: Subject, members: tuple[str, ...]) -> Floats:
    """(N, z_dim) the codes of the test examples of some classes and thirds, and of the examples of other groups."""
    parts, more = [cached.standard_codes(run)[_members(run, members)].numpy()], offered(run)
    parts += [encode_all(cached.encoder(run), more[name].members().x) for name in members if name in more]
    return np.concatenate(parts)


def _members(run: Subject, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Which of the test examples are of some classes or in some thirds, ascending."""
    is_member = np.isin(cached.examples(run).y.numpy(), [run.classes.index(one) for one in names if one in run.classes])
    for name, ids in _thirds(run).items():
        is_member[ids] |= name in names
    return np.flatnonzero(is_member)


@remember(32, "Measuring the images …")
def _thirds(run: Subject) -> dict[str, NDArray[np.int64]]:
    """Name -> the test images in a third by slant, thickness or width; none of other data."""
    if run.spec.kind is not Kind.IMAGE:
        return {}
    found = thirds(cached.examples(run).batch().x.numpy())
    return {name: ids for name, ids in found.items() if name not in run.classes}


def _some(run: Subject, group: tuple[str, ...], seed: int) -> tuple[int, ...]:
    """Some examples of the given classes and thirds, other ones for every seed; of any class if there are none."""
    members = found if len(found := _members(run, group)) else _members(run, run.classes)
    return tuple(int(i) for i in np.random.default_rng(seed).permutation(members)[:ROWS])


def _other() -> None:
    url_state.write("draw", str(draw_seed() + 1))
