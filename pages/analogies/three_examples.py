"""A - B + C of three examples: chosen from thumbnails, drawn as an equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.image_attributes import measured
from latentlab.analysis.latent.analogy_examples import slant_analogy
from latentlab.analysis.latent.attribute_vectors import arithmetic
from latentlab.analysis.latent.support import neighbour_distance
from latentlab.analysis.neighbours import neighbours
from latentlab.data import Kind
from latentlab.figures.conditional.equation import equation
from latentlab.subjects import Subject
from pages.analogies.direction_quality import K, usual_distances
from pages.analogies.rows import called
from pages.shared import cached, url_state
from pages.shared.example_view import appearance_of, few_columns, show
from pages.shared.header import look
from pages.shared.remember import remember
from pages.shared.text import plain

SOME = 12  # thumbnails of a class
SLANTED = ("7", "4")  # classes of digits: the default makes a 4 lean as a 7 does
SIGNED = ("A", "− B", "+ C", "= A − B + C", "nearest")


@dataclass(frozen=True)
class Combined:
    """A - B + C: the code (1, D), what it decodes to (1, *shape), the nearest example, and how far K of them are."""

    code: NDArray[np.float32]
    example: Tensor
    nearest: int
    distance: float


def three_examples(run: Subject) -> None:
    """A - B + C: what makes A differ from B, added to C."""
    if len(run.classes) < 2:
        st.info("These data have fewer than two classes, so there are no groups; three examples can still be combined.")
    last = len(cached.examples(run)) - 1
    linked = url_state.read_numbers("abc", 3, 0, last)
    chosen = tuple(int(v) for v in linked) if linked else _first(run)
    found = _combined(run, chosen)
    _draw(run, chosen, found)
    usual = usual_distances(run)[0]
    st.markdown(
        f"A − B + C is **{found.distance:.2f} σ** from its {K} nearest codes on average; 95 % of real codes are within "
        f"{usual:.2f} σ: it lies {'among' if found.distance <= usual else '**beyond**'} them."
        + _slants(run, chosen, found)
    )
    for place, name in zip(st.columns(3, gap="medium"), "ABC", strict=True):
        with place:
            _choose(run, name, chosen)
    st.button(
        "Other thumbnails", key="other-examples", on_click=_turn, icon=":material/casino:",
        help="Offer other examples of these classes",
    )  # fmt: skip


def _combined(run: Subject, chosen: tuple[int, ...]) -> Combined:
    codes = cached.standard_codes(run)
    a, b, c = (codes[i].numpy() for i in chosen)
    z = torch.from_numpy(arithmetic(a, b, c))[None]
    near = neighbours(codes.numpy(), z.numpy(), 1)
    far = float(neighbour_distance(codes, z, K)[0])
    return Combined(z.numpy(), cached.decoder(run)(z), int(near.index[0, 0]), far)


def _draw(run: Subject, chosen: tuple[int, ...], found: Combined) -> None:
    """The equation: with operators between pictures, or over the bars and curves of what is no image."""
    some = cached.examples(run).batch(torch.tensor([*chosen, found.nearest])).x
    x = torch.cat([some[:3], found.example, some[3:]]).numpy()
    alt, drawn = "A, B, C, their A - B + C decoded, and the nearest example", appearance_of(run)
    if run.spec.kind is not Kind.IMAGE:
        show(drawn, x, len(x), alt, SIGNED)
        return
    a, b, c, near = (called(run, i) for i in (*chosen, found.nearest))
    lines = [("A", a), ("B", b), ("C", c), ("A − B + C", "decoded"), ("nearest", near)]
    st.html(equation([drawn.cells(one[None, None], look(), scale=1) for one in x], lines, alt, look()))


def _slants(run: Subject, chosen: tuple[int, ...], found: Combined) -> str:
    """The measured slants, where the default is about them."""
    if not _has_slanted(run):
        return ""
    a, b, c = (slants(run)[i] for i in chosen)
    made = measured(found.example.numpy(), "slant")[0]
    return f" Measured slant: {a:.2f} − {b:.2f} + {c:.2f} = {a - b + c:.2f}; that of the decoded image is {made:.2f}."


def _choose(run: Subject, name: str, chosen: tuple[int, ...]) -> None:
    """Thumbnails of a class, of images from those that lean to the left to those that lean to the right."""
    place, y = "ABC".index(name), cached.examples(run).y.numpy()
    own, members = int(y[chosen[place]]), np.arange(len(y))
    if len(run.classes) > 1:
        classes = range(len(run.classes))
        label, first = f"{name}: class", own if own in classes else 0
        k = st.selectbox(label, classes, first, run.classes.__getitem__, key=f"class-{name}-{run.id}-{own}")
        members = np.flatnonzero(y == k)
    if run.spec.kind is Kind.IMAGE:
        members = members[np.argsort(slants(run)[members], kind="stable")]
    stride = max(1, -(-len(members) // SOME))
    shown = members[
        (np.arange(len(members)) % stride == url_state.read_count("thumbnails") % stride) | (members == chosen[place])
    ]
    drawn = few_columns(run)
    with st.container(horizontal=True, gap="xxsmall", key=f"examples-{name}"):
        for i, x in zip(shown.tolist(), cached.examples(run).batch(torch.from_numpy(shown)).x.numpy(), strict=True):
            picture = drawn.cells(x[None, None], look(), scale=1)
            kind: Literal["primary", "secondary"] = "primary" if i == chosen[place] else "secondary"
            label, args = f"![{plain(called(run, i))}]({picture})", (run, chosen, place, i)
            st.button(label, key=f"{name}-{i}", on_click=_take, args=args, type=kind)


def _take(run: Subject, chosen: tuple[int, ...], place: int, i: int) -> None:
    """Put an example in the place of another; the address has what differs from the default."""
    new = (*chosen[:place], i, *chosen[place + 1 :])
    url_state.write("abc", ",".join(map(str, new)) if new != _first(run) else None)


def _turn() -> None:
    url_state.write("thumbnails", str(url_state.read_count("thumbnails") + 1))


@remember(32)
def slants(run: Subject) -> NDArray[np.float64]:
    """(N,) the slant of a run's examples, which are images; NaN where one is empty."""
    return measured(cached.examples(run).batch().x.numpy(), "slant")


def _has_slanted(run: Subject) -> bool:
    """Whether these are images of digits of which enough have a slant."""
    if run.spec.kind is not Kind.IMAGE or not set(SLANTED) <= set(run.classes):
        return False
    known = cached.examples(run).y.numpy()[np.isfinite(slants(run))]
    return all((known == run.classes.index(name)).sum() > 1 for name in SLANTED)


@remember(32)
def _first(run: Subject) -> tuple[int, int, int]:
    """A slanted digit, an upright one and another digit; of other data two examples of one class that differ much

    though both are typical of it, and a typical one of another class.
    """
    y, codes = cached.examples(run).y, cached.standard_codes(run)
    if _has_slanted(run):
        of, other = (run.classes.index(name) for name in SLANTED)
        return slant_analogy(codes.numpy(), slants(run), y.numpy(), of, other)
    of_class, of_other = (
        members[(codes[members] - codes[members].mean(0)).norm(dim=1).argsort()]
        for members in (torch.nonzero(y == y[0])[:, 0], torch.nonzero(y == y[int((y != y[0]).int().argmax())])[:, 0])
    )
    typical = of_class[: max(2, len(of_class) // 2)]
    i, j = divmod(int(torch.cdist(codes[typical], codes[typical]).argmax()), len(typical))
    return int(typical[i]), int(typical[j]), int(of_other[0])
