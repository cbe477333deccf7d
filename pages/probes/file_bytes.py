"""The bytes of an image's file beside the image: what a probe reads of either, though both say the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.probes.file_bytes import ROW, hex_dump, readable
from latentlab.analysis.probes.linear_probe import Probe
from latentlab.analysis.probes.tasks import CLASS
from latentlab.data import Kind, to_bytes
from latentlab.figures.sheets import sheet_png
from latentlab.subjects import Subject
from pages.probes.curves import probe_task
from pages.shared import cached
from pages.shared.images import sheet
from pages.shared.remember import remember


def file_bytes(run: Subject) -> None:
    """A hex dump, the image, and the errors of probes of all images and of their files."""
    if run.spec.kind is not Kind.IMAGE:
        st.info("These data are no images: choose a run of images above.")
        return
    images = _images(run)
    number = int(st.number_input("Example", 0, len(images) - 1, 0, key="file-of", bind="query-params", width=200))
    file, found = sheet_png(images[number : number + 1], 1, 0), _probes(run)
    said = ", ".join(f"of {name} {probe.score.error:.1%}" for name, probe in found.items())
    chance = next(iter(found.values())).baseline
    st.markdown(
        f"**The file says all that the image does, but to a linear probe it is nearly illegible.** "
        f"Errors of probes {said}; chance {chance:.1%}."
    )
    dump, picture = st.columns([3, 1], gap="large")
    dump.code(hex_dump(file), language=None)
    with picture:
        sheet(images[number : number + 1], 1, f"Example {number}")
    st.caption(
        f"{len(file)} bytes of a PNG, {ROW} in a row as in the source (Alain 2018, Fig. 9.1: a lion): nothing is lost. "
        f"Probes of {len(images)} examples that are saved with the run. No layer adds information about the class, "
        "I(X; Z) ≤ I(X; Y) for X → Y → Z; it can only make it easier to read."
    )


def _images(run: Subject) -> NDArray[np.uint8]:
    return to_bytes(cached.examples(run).batch().x.numpy())


@remember(8)
def _probes(run: Subject) -> Mapping[str, Probe]:
    task, images = probe_task(run, CLASS, 0), _images(run)
    files = [sheet_png(images[k : k + 1], 1, 0) for k in range(len(images))]
    pixels = np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
    return readable(files, pixels, task.y, task.sizes, len(task.names))
