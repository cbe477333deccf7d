"""Two switches: an example without its code, or without the image that the decoder reads, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.code_lengths import CodeLength, bits, code_length
from latentlab.figures.latent.code_lengths import bits_map, length_bars
from latentlab.models import AutoregressiveGivenCode, Layered, LogLikelihood
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.example_view import appearance_of, one_by_one
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember
from pages.shared.visit import Slot

SEED = 0
DRAWS = 50  # of the codes of one example
MANY, FEW_DRAWS = 50, 4  # examples that the mean is of, and draws for each
WIDTH = 112  # pixels of an image
BOTH, CODE, IMAGE, NEITHER, EXPECTED = "code and image", "code alone", "image alone", "neither", "the prior's mean code"
WAYS = {(False, False): BOTH, (False, True): CODE, (True, False): IMAGE, (True, True): NEITHER}  # code, image hidden
EXAMPLE: Slot[int] = Slot("sent-example")


def has_switches(run: Subject) -> bool:
    """Whether the run's decoder reads both a code and an image."""
    return run.has(AutoregressiveGivenCode) and run.has(Layered)


def switches(run: Subject) -> None:
    """The reconstruction of an example with either hidden, and the length of each part."""
    n = len(cached.examples(run))
    EXAMPLE.settle(range(n))
    picture, side = st.columns([2, 1], gap="large")
    with side:
        example = int(st.number_input("Example", 0, n - 1, 0, key=EXAMPLE.name, width=160, bind="query-params"))
        no_code = st.toggle("Hide the code", key="hide-code", bind="query-params")
        no_image = st.toggle("Hide the image", key="hide-image", bind="query-params")
    way = WAYS[no_code, no_image]
    found, x = of_example(run, example)
    chosen = found[way]
    with picture:
        st.markdown(f"**{_said(way, chosen)}**")
        shown = np.concatenate([x, chosen.picture])
        under = f"code {chosen.code[0]:.1f} nats\npixels {chosen.of_values[0]:.1f} nats"
        one_by_one(appearance_of(run), shown, ["the image", under], WIDTH)
        lengths = {name: (float(one.code[0]), float(one.of_values[0])) for name, one in found.items()}
        figure(length_bars(lengths, look(), way), "Nats for the code and for the pixels, in each way")
    with side:
        most = max(bits(float(one.values.max())) for name, one in found.items() if name != NEITHER)
        figure(bits_map(chosen.values[0, 0], look(), most), "Bits of each pixel of the image")
        st.caption("Bits that each pixel takes: bright where it surprises.")
    rows = [_row(name, code, pixels) for name, (code, pixels) in of_many(run).items()]
    columns = {name: st.column_config.NumberColumn(format="%.1f") for name in rows[0] if name != "read"}
    st.dataframe(rows, hide_index=True, column_config=columns, alt="The mean lengths of several test examples")
    st.caption(
        f"Means of {min(MANY, n)} test examples. The code takes the KL of its posterior from the prior, the pixels "
        "−log p(x|z), together −ELBO. A hidden code is a context of zeros, a hidden image is black; the prior's mean "
        "code is the same for every image, so it takes nothing."
    )


@remember(64)
def of_example(run: Subject, example: int) -> tuple[Mapping[str, CodeLength], np.ndarray]:
    """The lengths of one example by what is read, and the image of 0 and 1 itself, (1, *shape)."""
    x = _binarised(run, example + 1)[example:]
    return _lengths(run, x, DRAWS), x.numpy()


@remember(16, "Measuring code lengths …")
def of_many(run: Subject) -> Mapping[str, tuple[float, float]]:
    """The mean nats for the code and for the values, by what is read."""
    found = _lengths(run, _binarised(run, MANY), FEW_DRAWS)
    return {name: (float(one.code.mean()), float(one.of_values.mean())) for name, one in found.items()}


def _binarised(run: Subject, n: int) -> Tensor:
    model, x = cached.model(run), cached.examples(run)[:n].batch().x
    return model.binarise(x, device.generator(SEED)) if isinstance(model, LogLikelihood) else x


@torch.no_grad()
def _lengths(run: Subject, x: Tensor, n: int) -> dict[str, CodeLength]:
    model, rng = cached.model(run), device.generator(SEED)
    if not isinstance(model, AutoregressiveGivenCode) or not isinstance(model, Layered):
        raise TypeError(f"{run.title} has no decoder that reads a code and an image.")
    code = model.layers[0].name
    z = torch.stack([model.infer(x, rng)[code].draw(rng) for _ in range(n)])
    draws = [model.unit_kl(x, rng).values() for _ in range(n)]
    kl = torch.stack([torch.cat(list(units), 1).sum(1) for units in draws]).mean(0)
    read: Callable[[Tensor, Tensor | None], Tensor] = model.log_conditionals_given
    blind = partial(model.log_conditionals_given, sees_image=False)
    expected = model.expected_code().expand(1, len(x), -1)
    return {
        BOTH: code_length(read, x, z, kl), CODE: code_length(blind, x, z, kl), IMAGE: code_length(read, x),
        NEITHER: code_length(blind, x), EXPECTED: code_length(read, x, expected),
    }  # fmt: skip


def _row(name: str, code: float, pixels: float) -> dict[str, str | float]:
    total = code + pixels
    return {"read": name, "code, nats": code, "pixels, nats": pixels, "total, nats": total, "total, bits": bits(total)}


def _said(way: str, found: CodeLength) -> str:
    return f"Read: {way}. The image takes {_both(found.total[0])}."


def _both(nats: float) -> str:
    return f"{nats:.1f} nats ({bits(nats):.1f} bits)"
