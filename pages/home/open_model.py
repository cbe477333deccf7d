"""Open a model of the visitor's own by its ONNX files: what is taken, and how far the process is that reads them."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from latentlab import data, settings
from latentlab.data import DataError, spec_of
from latentlab.serialization import RunError
from latentlab.serving.functions import ServingError
from latentlab.serving.given import Given
from latentlab.serving.process import ServingProcess
from latentlab.serving.uploaded import LONGEST_TITLE, MOST_BYTES, MOST_FILES, UNUSED, check_files
from latentlab.subjects import served
from pages.home.own_models import ABANDONED, of_others, uploaded_models
from pages.navigation import HOME, YOUR_DATA
from pages.shared.header import OPENED, choose
from pages.shared.own_data import SAVED
from pages.shared.text import plain
from pages.shared.uploads import safe_name
from pages.shared.visit import Slot, visitor

EVERY = 1.0  # seconds between two looks at the process
UPLOADS: Slot[int] = Slot("model-uploads")  # how many were opened: each time the field starts empty
OPENING: Slot[tuple[ServingProcess, float]] = Slot("model-opening")  # the process, and when it was started
FAILED: Slot[str] = Slot("model-failed")  # why the last one was not opened


def open_model() -> None:
    """Draw the field, what becomes of the files, and what others opened. None in an app for looking only."""
    if settings.is_read_only():
        return
    with st.expander("Open a model of your own", icon=":material/upload_file:", key="open-model"):
        if importlib.util.find_spec("onnxruntime") is None:
            st.info("ONNX files need onnxruntime: pip install 'latentlab[onnx]'.", icon=":material/info:")
        else:
            _choose()
        of_others()


def _choose() -> None:
    st.caption(
        "An encoder and a decoder, a classifier or a denoiser as .onnx files, with their .onnx.data if they have any: "
        f"at most {MOST_FILES} files, {st.get_option('server.maxUploadSize')} MB each and {MOST_BYTES >> 20} MB "
        "together. The command `latentlab app --model FILE` takes more, and .py files."
    )
    files = st.file_uploader("ONNX files", accept_multiple_files=True, key=f"model-{UPLOADS.get(0)}")
    names = data.names()
    wishes = [name for name in (SAVED.get(""), settings.first_data()) if name in names]
    left, right = st.columns(2, vertical_alignment="bottom")
    first = names.index(wishes[0]) if wishes else 0
    dataset = left.selectbox("Data that it takes", names, first, key="model-data", bind="query-params")
    with right:
        YOUR_DATA.link("Your own data")
    if message := FAILED.pop():
        st.error(plain(message), icon=":material/error:")
    if waiting := OPENING.get():
        st.fragment(partial(_wait, *waiting), run_every=EVERY)()
    elif files:
        try:
            check_files([safe_name(file.name) for file in files], spec_of(dataset).shape)
        except (ServingError, DataError) as error:
            st.error(plain(str(error)), icon=":material/error:")
            if isinstance(error, ServingError) and error.details:
                st.code(error.details, language="python", wrap_lines=True)
        else:
            name = f"model-name-{files[0].file_id}"
            with st.form("opening", border=False):
                st.text_input("Name", _title(files), max_chars=LONGEST_TITLE, key=name)
                given = (files, dataset, name)
                st.form_submit_button("Open it", key="model-open", type="primary", on_click=_open, args=given)
    st.caption(
        "A process of its own reads the files; none of them can run code. All who use this app can look at the model, "
        f"and you can close it; so can all once nobody has used it for {ABANDONED / 60:.0f} minutes. After "
        f"{UNUSED / 60:.0f} minutes without use it closes by itself."
    )


def _title(files: Sequence[UploadedFile]) -> str:
    """The name of the file, where there is one."""
    stems = {safe_name(file.name).partition(".")[0] for file in files}
    return stems.pop()[:LONGEST_TITLE] if len(stems) == 1 else Given.title


def _open(files: Sequence[UploadedFile], dataset: str, name: str) -> None:
    """Open files under what was typed into the field of a name."""
    if OPENING.is_set:  # pressed twice
        return
    title = Slot[str](name).get("").strip()
    content = {safe_name(file.name): bytes(file.getbuffer()) for file in files}
    try:
        process = uploaded_models().open(visitor(), content, dataset, title or Given.title)
    except (ServingError, RunError) as error:
        FAILED.set(str(error))
    else:
        OPENING.set((process, time.monotonic()))


def _wait(process: ServingProcess, began: float) -> None:
    if process.opened.done():
        _arrived(process)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"Opening: {time.monotonic() - began:.0f} s so far.", icon=":material/hourglass_top:")
        st.button("Cancel", "model-cancel", on_click=_cancel, args=(process,))


def _arrived(process: ServingProcess) -> None:
    OPENING.forget()
    if error := process.opened.exception():
        FAILED.set(str(error))
        return
    UPLOADS.set(UPLOADS.get(0) + 1)
    found = [own for own in served() if own.described.id == process.id]
    for own in found:
        OPENED.set((*OPENED.get(()), own.id))
        if own.has(*HOME.needs):
            choose(own.id)


def _cancel(process: ServingProcess) -> None:
    OPENING.forget()
    process.stop()
