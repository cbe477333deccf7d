"""Paths between two codes, side by side: linear, spherical and geodesic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.columns import Columns
from latentlab.analysis.latent.paths import Path, geodesic, interpolate, measure
from latentlab.analysis.latent.support import neighbour_distance, usual_distance
from latentlab.data import Kind, to_bytes
from latentlab.export.csv_text import csv_text
from latentlab.figures.latent.paths import class_probabilities, film, film_strips
from latentlab.figures.sheets import captioned, enlarge, gif, pictures, png, stitch
from latentlab.subjects import Subject
from pages.components.explorer import View
from pages.shared import cached
from pages.shared.classifier import classifier
from pages.shared.downloads import download
from pages.shared.example_view import appearance_of, columns_of, note
from pages.shared.header import look
from pages.shared.images import figure, panels, scale
from pages.shared.remember import remember

FRAMES = 13
ON_PAGE, IN_FILE = 256, 512  # pixels along an image of the film on the page, and in a file


def paths(run: Subject, view: View) -> None:
    """Choose two ends and see the three paths between them, with their lengths, support and classes."""
    ends = _ends(run, view)
    names = list(ends)
    pinned = [name for name in names if name.startswith("pin")]
    first, last = (pinned[0], pinned[-1]) if len(pinned) > 1 else (names[-len(run.classes)], names[-1])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.selectbox("From", names, names.index(first), key="from", bind="query-params", width=160)
        end = st.selectbox("To", names, names.index(last), key="to", bind="query-params", width=160)
        plays = run.spec.kind is Kind.IMAGE and st.toggle("Play", key="play", bind="query-params")
        with st.spinner("Computing the shortest path …"):
            found = _paths(run, ends[start], ends[end])
        every = np.concatenate([path.examples for path in found])
        columns = columns_of(run)
        if columns is None:
            large = scale(run.shape, IN_FILE)
            download("PNG", lambda: _png(run, found), f"{run.id}-paths.png")
            download("GIF", lambda: gif(film(found, large)), f"{run.id}-paths.gif")
        else:
            download("CSV", lambda: _csv(columns, found), f"{run.id}-paths.csv", "A line for each step of each path")
    if plays:
        moving = gif(film(found, scale(run.shape, ON_PAGE)))
        st.image(moving, alt="The three paths side by side: linear, spherical, geodesic")
    shown = appearance_of(run).narrowed(every)
    figure(film_strips(found, look(), shown), "A film strip for each path")
    note(shown)
    codes, k = cached.standard_codes(run), cached.n_near(run)
    usual, titles = usual_distance(codes, k), {}
    for path in found:
        far = neighbour_distance(codes, torch.from_numpy(path.codes), k).mean()
        leaves = ", it leaves the data" if far > usual else ""
        titles[f"{path.kind}: {far:.2f} σ from examples on average{leaves}"] = path
    classify = classifier(run)
    if classify is None:
        st.markdown(" · ".join(titles))
        st.caption("There is no classifier of these data, so no classes are predicted along the path.")
        return
    probabilities = {title: classify(torch.from_numpy(path.examples)).exp().numpy() for title, path in titles.items()}
    drawn = {
        title: class_probabilities(path, probabilities[title], run.classes, look()) for title, path in titles.items()
    }
    panels(drawn, "Predicted classes along the path")
    shorter = 1 - found[-1].length / found[0].length if found[0].length else 0.0
    where = "pixel space, over all pixels of intensities" if columns is None else "the space of the scaled numbers,"
    st.caption(f"Lengths are in {where} in [0, 1]; the geodesic is {shorter:.0%} shorter than the straight line.")


def _png(run: Subject, found: Sequence[Path]) -> bytes:
    """A row of images for each path, under its name, for a slide."""
    size = scale(run.shape, IN_FILE // 4)
    rows = [stitch(enlarge(pictures(to_bytes(path.examples)), size)[None], gap=2) for path in found]
    return png(np.concatenate([captioned(row, [path.kind]) for row, path in zip(rows, found, strict=True)]))


def _csv(columns: Columns, found: Sequence[Path]) -> str:
    """One row a step of a path: its length up to there, and the numbers in the user's units."""
    rows = [["path", "step", "length", *columns.heads]]
    for path in found:
        for k, (x, length) in enumerate(zip(path.examples, path.lengths, strict=True)):
            rows.append([path.kind, str(k), f"{length:.6g}", *columns.exact(x)])
    return csv_text(rows)


def _ends(run: Subject, view: View) -> dict[str, cached.Code]:
    """The places that a path may join: here, the pins, and one test example of each class."""
    ends = {"here": view.z} | {f"pin {k + 1}": pin for k, pin in enumerate(view.pins)}
    codes, labels = cached.standard_codes(run), cached.examples(run).y
    for k, name in enumerate(run.classes):
        found = torch.nonzero(labels == k)
        if len(found):
            ends[f"a {name}"] = tuple(codes[int(found[0])].tolist())
    return ends


@remember(32)
def _paths(run: Subject, start: cached.Code, end: cached.Code) -> tuple[Path, ...]:
    decode, z0, z1 = cached.decoder(run), torch.tensor(start), torch.tensor(end)
    straight = measure(decode, interpolate(z0, z1, FRAMES), "linear")
    round_about = measure(decode, interpolate(z0, z1, FRAMES, "spherical"), "spherical")
    shortest = geodesic(
        cached.decoder(run, gradients=True), z0, z1, 2 * FRAMES - 1
    )  # few codes can't follow a strong curve
    return (
        straight,
        round_about,
        Path(shortest.kind, shortest.codes[::2], shortest.examples[::2], shortest.lengths[::2]),
    )
