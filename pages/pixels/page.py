"""Autoregressive decoding: an image drawn pixel by pixel, what each costs, and what it depends on."""

from functools import partial

import numpy as np
import streamlit as st

from latentlab.data import to_bytes
from latentlab.figures.pixels.maps import cost_map, dependence_map
from latentlab.subjects import Subject
from pages.components.growing import growing
from pages.navigation import LIKELIHOOD, PIXELS
from pages.pixels.computed import (
    N_DRAWS,
    SHOWN,
    class_probabilities,
    code_bits,
    completed,
    cost_of,
    depends,
    example,
    growth,
    measured,
)
from pages.pixels.condition import CodeOf, Condition, choose_condition, has_code, in_words
from pages.shared import cached, url_state
from pages.shared.example_view import appearance_of, one_by_one, show
from pages.shared.header import header, look, notes
from pages.shared.images import figure, panels
from pages.shared.masks import BRUSH, CHOICES, GRAY, chosen, given
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

MOST_DRAWS = 999
WIDTH = 112  # pixels of the example whose code is given
FEW = 5  # effective draws: fewer say little
OF_THE_WHOLE = "The code is that of the whole example, so it says what is hidden, too; one of the prior doesn't."
EXAMPLE: Slot[int] = Slot("decoded-example")


@st.fragment
def decoding(run: Subject) -> None:
    """The verdict, the growing image, and three closer looks."""
    _verdict(run)
    picture, side = st.columns([2, 1], gap="large")
    with side:
        place = st.container()
        draw = int(st.number_input("Draw", 1, MOST_DRAWS, 1, key="draw", bind="query-params"))
        n = len(cached.examples(run))
        EXAMPLE.settle(range(n))
        i = int(st.number_input("Test example", 0, n - 1, 0, key=EXAMPLE.name, bind="query-params"))
        with place:
            condition = choose_condition(run, i, draw)
        _what_is_drawn(run, condition, i)
        LIKELIHOOD.link("Its likelihood", run=run.id)
    with picture:
        pixel = _growing(run, condition, draw)
    tabs(
        {
            "What a pixel depends on": partial(_depends, run, condition, draw, pixel),
            "Bits of an example": partial(_costs, run, condition, i),
            "Fill in a hidden part": partial(_fill_in, run, condition, i, draw),
        }
    )


def _verdict(run: Subject) -> None:
    found, n_pixels = measured(run), int(np.prod(run.shape))
    mean, n = found.of_examples.mean(), len(found.bits)
    cost = f"image costs {found.per_pixel:.3f} ± {found.std_error:.3f} bits a pixel"
    where = f"half of them fall on {found.half} of its {n_pixels} pixels"
    if has_code(run):
        code = code_bits(run)
        both = f"The code costs {code:.1f} more: {mean + code:.1f} bits together."
        said = f"Given its code, an {cost}, {mean:.1f} in all, and {where}. {both}"
        note = f"On {n} test examples, with one draw of the code of each. Both together are −ELBO: at least −log₂ p(x)."
    else:
        said, note = f"An {cost}, {mean:.0f} in all, and {where}.", f"Exact, on {n} test examples."
    st.info(said, icon=":material/lightbulb:")
    st.caption(f"{note} ± is the standard error over them.")


def _what_is_drawn(run: Subject, condition: Condition, i: int) -> None:
    if not isinstance(condition, CodeOf):
        st.caption("The draw grows in the picture; the test example is what the second and the third tab look at.")
        return
    one_by_one(appearance_of(run), example(run, i)[None], [f"Test example {i}"], WIDTH)
    st.caption("The draw grows in the picture, given the code of this example. The tabs look at both.")


def _growing(run: Subject, condition: Condition, draw: int) -> int:
    """The growing image; returns the chosen pixel."""
    _, height, width = run.shape
    found, n = growth(run, condition, draw), height * width
    start = url_state.read_count("pixel") - 1
    at = start if 0 <= start < n else n // 2 + width // 2
    pixel = growing(
        f"growing-{run.id}-{height}x{width}", to_bytes(found.x[0]), to_bytes(found.expected), found.bits, at
    )
    url_state.write("pixel", str(pixel + 1))
    return pixel


def _depends(run: Subject, condition: Condition, draw: int, pixel: int) -> None:
    found = depends(run, condition, draw, pixel)
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
        elif pixel and has_code(run):
            st.markdown("It depends on no pixel: given the code, this model draws each alone.")
        else:
            st.markdown("It depends on no pixel: none comes before it.")
        st.caption(
            "The gradient of its log odds to be lighter than middle gray. Red: a lighter pixel there makes it lighter "
            "here; blue: darker. Blank is what comes later in the order of reading: the mask of the convolutions hides "
            "it. Choose another pixel in the picture above."
        )


def _costs(run: Subject, condition: Condition, i: int) -> None:
    found, all_of_them = cost_of(run, condition, i), measured(run)
    bits, mean = found.bits[0], all_of_them.bits.mean(0)
    code = f"; its code costs {code_bits(run, i):.1f} bits more" if isinstance(condition, CodeOf) else ""
    st.markdown(
        f"This example costs {found.per_pixel:.3f} bits a pixel{in_words(run, condition)}: log p = "
        f"{-found.of_examples[0] * np.log(2):.2f} nats, exactly{code}."
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
                f"Mean of {len(all_of_them.bits)} examples{', each given its code' if has_code(run) else ''}": cost_map(
                    mean, look()
                ),
            },
            "What each pixel costs",
        )
    st.caption("Pixels that those before them give away cost nothing; where a stroke turns or begins, a pixel is dear.")


def _fill_in(run: Subject, condition: Condition, i: int, draw: int) -> None:
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
        found = completed(run, condition, i, mask, draw)
        if found.later == 0:
            both = " and the code" if has_code(run) else ""
            said = f"All that is shown comes before what is hidden, so these are exact draws given it{both}."
            st.markdown(f"**{said}**")
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
            f"{' ' + OF_THE_WHOLE if isinstance(condition, CodeOf) else ''}"
        )


run = header(PIXELS)
if run is None:
    st.stop()
if run.shape[0] > 1:
    st.info("This page draws images of one channel, and those of this model have several: choose another model.")
    st.stop()
decoding(run)
notes(
    "An image drawn in the order of reading, each pixel given those before it, and next to it the mean of what the "
    "model expected of each pixel when it was its turn.",
    "Play it, and stop where what was drawn and what was expected differ: from there on the image is another one. "
    "Click on a pixel to see what it depends on, and hide the upper half instead of the lower one.",
    "p(x) = Π p(x_i | x_1 … x_(i−1)) is exact, and one pass of masked convolutions gives all factors (van den Oord et "
    "al. 2016). Drawing goes from pixel to pixel; what earlier pixels gave is kept. Such a model conditions on what "
    "lies before a pixel; what comes after it takes importance weights. In FAME such a network reads the code of a "
    "ladder VAE, too: p(x|z) = Π p(x_i | x_1 … x_(i−1), z) (Maaløe 2018).",
)
