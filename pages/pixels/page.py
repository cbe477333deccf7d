"""Autoregressive decoding: an image drawn pixel by pixel, what each costs, and what it depends on."""

from functools import partial

import numpy as np
import streamlit as st

from latentlab.data import to_bytes
from latentlab.figures.pixels.maps import cost_map, dependence_map
from latentlab.models import Autoregressive
from latentlab.subjects import Subject
from pages.components.growing import growing
from pages.navigation import LIKELIHOOD, PIXELS
from pages.pixels.computed import (
    N_DRAWS,
    SHOWN,
    class_probabilities,
    completed,
    cost_of,
    depends,
    example,
    growth,
    has_classes,
    measured,
)
from pages.shared import cached, url_state
from pages.shared.example_view import appearance_of, show
from pages.shared.header import header, look, notes
from pages.shared.images import figure, panels
from pages.shared.masks import BRUSH, CHOICES, GRAY, chosen, given
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

ANY = "any class"
MOST_DRAWS = 999
FEW = 5  # effective draws: fewer say little
EXAMPLE: Slot[int] = Slot("decoded-example")
CLASS: Slot[str] = Slot("decoded-class")


@st.fragment
def decoding(run: Subject) -> None:
    """The verdict, the growing image, and three closer looks."""
    _verdict(run)
    picture, side = st.columns([2, 1], gap="large")
    with side:
        y = _class(run)
        draw = int(st.number_input("Draw", 1, MOST_DRAWS, 1, key="draw", bind="query-params"))
        n = len(cached.examples(run))
        EXAMPLE.settle(range(n))
        i = int(st.number_input("Test example", 0, n - 1, 0, key=EXAMPLE.name, bind="query-params"))
        st.caption("The draw grows in the picture; the test example is what the second and the third tab look at.")
        LIKELIHOOD.link("Its likelihood", run=run.id)
    with picture:
        pixel = _growing(run, y, draw)
    tabs(
        {
            "What a pixel depends on": partial(_depends, run, y, draw, pixel),
            "Bits of an example": partial(_costs, run, y, i),
            "Fill in a hidden part": partial(_fill_in, run, y, i, draw),
        }
    )


def _verdict(run: Subject) -> None:
    found, n_pixels = measured(run), int(np.prod(run.shape))
    st.info(
        f"An image costs {found.per_pixel:.3f} ± {found.std_error:.3f} bits a pixel, {found.of_examples.mean():.0f} in "
        f"all, and half of them fall on {found.half} of its {n_pixels} pixels.",
        icon=":material/lightbulb:",
    )
    st.caption(f"Exact, on {len(found.bits)} test examples; ± is the standard error over them.")


def _class(run: Subject) -> int | None:
    """The class that is given; None for any."""
    if not has_classes(run):
        return None
    options = [ANY, *(plain(name) for name in run.classes)]
    CLASS.settle(options)
    given_class = st.selectbox("Class", options, key=CLASS.name, bind="query-params")
    return options.index(given_class) - 1 if given_class != ANY else None


def _growing(run: Subject, y: int | None, draw: int) -> int:
    """The growing image; returns the chosen pixel."""
    _, height, width = run.shape
    found, n = growth(run, y, draw), height * width
    start = url_state.read_count("pixel") - 1
    at = start if 0 <= start < n else n // 2 + width // 2
    pixel = growing(
        f"growing-{run.id}-{height}x{width}", to_bytes(found.x[0]), to_bytes(found.expected), found.bits, at
    )
    url_state.write("pixel", str(pixel + 1))
    return pixel


def _depends(run: Subject, y: int | None, draw: int, pixel: int) -> None:
    found = depends(run, y, draw, pixel)
    row, column = divmod(pixel, run.shape[-1])
    places = np.argwhere(found != 0)
    drawn, words = st.columns([2, 1], gap="large")
    with drawn:
        figure(dependence_map(found, pixel, look()), f"On which pixels row {row + 1}, column {column + 1} depends")
    with words:
        if len(places):
            strongest = np.unravel_index(np.abs(found).argmax(), found.shape)
            st.markdown(
                f"Row {row + 1}, column {column + 1} depends on {len(places)} of the {pixel} pixels before it, most on "
                f"row {strongest[0] + 1}, column {strongest[1] + 1}."
            )
        else:
            st.markdown("It depends on no pixel: none comes before it.")
        st.caption(
            "The gradient of its log odds to be lighter than middle gray. Red: a lighter pixel there makes it lighter "
            "here; blue: darker. Blank is what comes later in the order of reading: the mask of the convolutions hides "
            "it. Choose another pixel in the picture above."
        )


def _costs(run: Subject, y: int | None, i: int) -> None:
    found, all_of_them = cost_of(run, y, i), measured(run)
    bits, mean = found.bits[0], all_of_them.bits.mean(0)
    given_words = "" if y is None else f" given the class {plain(run.classes[y])}"
    st.markdown(
        f"This example costs {found.per_pixel:.3f} bits a pixel{given_words}: log p = "
        f"{-found.of_examples[0] * np.log(2):.2f} nats, exactly."
    )
    known = class_probabilities(run, i)
    if known is not None:
        best = int(known.argmax())
        st.markdown(f"By Bayes' rule it is of class {plain(run.classes[best])} with probability {known[best]:.1%}.")
    appearance, pictures = st.columns([1, 3], gap="medium")
    with appearance:
        st.markdown(":small[**The example**]")
        show(appearance_of(run), example(run, i)[None], 1, f"Test example {i}")
    with pictures:
        panels(
            {
                "Its bits": cost_map(bits, look(), float(bits.max())),
                f"Mean of {len(all_of_them.bits)} examples": cost_map(mean, look()),
            },
            "What each pixel costs",
        )
    st.caption("Pixels that those before them give away cost nothing; where a stroke turns or begins, a pixel is dear.")


def _fill_in(run: Subject, y: int | None, i: int, draw: int) -> None:
    """Completions of a part of the example, with how far they may be trusted."""
    x = example(run, i)
    choose, drawn = st.columns([1, 2], gap="large")
    with choose:
        options = CHOICES[run.spec.kind]
        hidden = st.selectbox("Hidden", options, options.index("bottom half"), key="hidden", bind="query-params")
        more = st.popover("More", width="stretch") if hidden == BRUSH else st.container()
        mask = chosen(hidden, run, x, more)
    shown = given(run.shape, mask)
    with drawn:
        if bool(shown.all()):
            st.info("Nothing is hidden: paint over some pixels.")
            return
        found = completed(run, y, i, mask, draw)
        if found.later == 0:
            st.markdown("**All that is shown comes before what is hidden, so these are exact draws given it.**")
        else:
            few = " That is too few to trust what is shown here." if found.ess < FEW else ""
            st.markdown(
                f"**{found.later} shown pixels come after the first hidden one. They can't guide the drawing, "
                f"only give it a weight: {found.n_draws} draws count as {found.ess:.1f}.{few}**"
            )
        cut = np.where(shown.numpy(), x.numpy(), np.float32(GRAY))[None]
        titles = ["the example", "what is shown", *(f"draw {k + 1}" for k in range(SHOWN))]
        content = np.concatenate([x.numpy()[None], cut, found.x])
        show(appearance_of(run), content, 7, "The example, what is shown of it, and completions", titles)
        st.caption(
            f"First the example, then what is shown of it, then {SHOWN} completions, chosen among {N_DRAWS} draws by "
            "their weights, so the same one may come more than once. A hidden pixel is drawn given those before it in "
            "the order of reading; the shown ones after it enter by the probability that the model then gives to them."
        )


run = header(PIXELS)
if run is None:
    st.stop()
if not isinstance(cached.model(run), Autoregressive):
    st.stop()
decoding(run)
notes(
    "An image drawn in the order of reading, each pixel given those before it, and next to it the mean of what the "
    "model expected of each pixel when it was its turn.",
    "Play it, and stop where what was drawn and what was expected differ: from there on the image is another one. "
    "Click on a pixel to see what it depends on, and hide the upper half instead of the lower one.",
    "p(x) = Π p(x_i | x_1 … x_(i−1)) is exact, and one pass of masked convolutions gives all factors (van den Oord et "
    "al. 2016). Drawing goes from pixel to pixel; what earlier pixels gave is kept. Such a model conditions on what "
    "lies before a pixel; what comes after it takes importance weights.",
)
