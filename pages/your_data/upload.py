"""Upload files, see what was read of them, say what their parts are, and save them."""

from __future__ import annotations

import re

import streamlit as st
import torch

from latentlab.analysis.columns import Columns
from latentlab.analysis.maps.examples import some_of_each
from latentlab.data import DataError, Kind, Library
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import KNOWN, Opened
from latentlab.data.files.readings.preparation import AS_THEY_ARE
from latentlab.data.files.tables.roles import Role, reassigned
from latentlab.figures.examples.choose import appearance
from latentlab.subjects.data_only import PREFIX
from pages.shared.example_view import one_by_one, show
from pages.shared.header import CHOSEN
from pages.shared.own_data import SAVED
from pages.shared.text import plain
from pages.shared.visit import Slot
from pages.your_data.columns import (
    choose_label,
    choose_preparation,
    choose_roles,
    choose_scaling,
    choose_window,
    requested,
)
from pages.your_data.files import MAX_UPLOAD, Upload, first_rows, opened
from pages.your_data.images import choose_channels, choose_images

SHOWN, ROWS = 24, 6  # examples that are images, or rows of a table
WIDTH = 84  # pixels across of an image
UPLOADS: Slot[int] = Slot("uploads")  # how many were saved: each time the field starts empty
UPLOAD_FAILED: Slot[str] = Slot("upload-failed")  # why the last one was not saved
NAME: Slot[str] = Slot("own-name")  # the widget that names them
SAID: Slot[tuple[str, ReadOptions]] = Slot("upload-said")  # the key of the files, and what is said of them


def upload() -> None:
    """Draw the field, and what was uploaded."""
    largest = st.get_option("server.maxUploadSize")
    st.caption(
        f"At most {largest} MB a file and {MAX_UPLOAD >> 20} MB together; the command `latentlab app --data PATH` "
        "takes more."
    )
    uploaded = st.file_uploader(
        "Files",
        accept_multiple_files=True,
        key=f"upload-{UPLOADS.get(0)}",
        help="In a zip, folders are classes. IDX: images and labels together. A table: with the images that it names. "
        "Quick, Draw!: a file for each class. Several tables of readings in time become one.",
    )
    if message := UPLOAD_FAILED.pop():
        st.error(plain(message), icon=":material/error:")
    if not uploaded:
        st.caption(
            f"What can be read: {KNOWN}; several images, vectors with their table, images with theirs. Nothing is "
            "unpickled, nothing is sent anywhere."
        )
        return
    _preview(Upload(tuple(uploaded)))


def _preview(files: Upload) -> None:
    """What was read, what its parts are, and the button that saves it; it is read again when that is changed."""
    of, said = SAID.get(("", ReadOptions()))
    if of != files.key:
        said = ReadOptions()
    found: Opened | None = None
    message = ""
    try:
        found = opened(files, said)
    except DataError as error:
        message = str(error)
    table = first_rows(files)
    roles = requested(said) if found is None else found.roles

    def change(column: str, role: Role) -> None:
        if table is not None and roles is not None:
            SAID.set((files.key, reassigned(said, roles, list(table.columns), column, role)))

    if table is not None and roles is not None:
        choose_label(table, roles, change)
    if found is None:
        st.error(plain(_here(message, table is not None)), icon=":material/error:")
    else:
        _look(found, table is not None)
    if table is not None and roles is not None:
        choose_roles(table, roles, change, alone=files.is_one_file or bool(roles.vector))
    wanted = said
    is_prepared = said.window > 1 or said.preparation != AS_THEY_ARE
    if table is not None and roles is not None and (roles.time or is_prepared):
        wanted = choose_preparation(choose_window(said, files.key), table, files.key)
    if found is not None and found.splits.train.kind is not Kind.IMAGE:
        wanted = choose_scaling(wanted, files.key)
    if (
        found is not None
        and found.splits.train.kind is Kind.IMAGE
        and files.has_image_files
        and "file" in found.columns
    ):
        wanted = choose_images(wanted, files.key)
    if found is not None and found.n_channels not in (0, 1, 3):
        wanted = choose_channels(wanted, found.n_channels, files.key)
    if wanted != said:
        SAID.set((files.key, wanted))
        st.rerun()
    if found is not None:
        with st.form("saving", border=False):
            st.text_input("Name", found.splits.train.name, max_chars=40, key=NAME.name)
            st.form_submit_button(
                "Save", key="keep", type="primary", icon=":material/save:", on_click=_save, args=(found, files.source)
            )


def _here(sentence: str, has_table: bool) -> str:
    """A sentence of the reader with what to click for what its options are on the command line."""
    sentence = sentence.replace("with --channels", "under “Channels”")
    sentence = sentence.replace("with --scaling", "under “Models see the numbers”")
    if not has_table:
        return re.sub(r"with --\w+", r"\g<0> on the command line", sentence)
    there = sentence.replace("with --label", "under “Which column is the class?”")
    return re.sub(r"with --\w+", "under “What each column is”", there)


def _look(found: Opened, has_table: bool) -> None:
    """What was read: the sentences, and some of the examples."""
    st.markdown("\n".join(f"- {plain(_here(sentence, has_table))}" for sentence in found.summary))
    train = found.splits.train
    columns = None if train.kind is Kind.IMAGE else Columns.of(train.x.numpy(), found.features)
    few = train[torch.from_numpy(some_of_each(train.y.numpy(), SHOWN if columns is None else ROWS))]
    titles = [train.classes[k] if k >= 0 else "no class" for k in few.y.tolist()]
    drawn = appearance(train.kind, train.shape, columns)
    if columns is None and train.classes:
        one_by_one(drawn, few.x, titles, WIDTH)
    else:
        show(drawn, few.x, 12, "Some examples", titles)


def _save(found: Opened, source: str) -> None:
    """Before the page runs again, so that its field can be empty, and other pages show the data first."""
    try:
        name = Library.default().save(found, source, NAME.get(""))
    except DataError as error:
        UPLOAD_FAILED.set(str(error))
        return
    SAVED.set(name)
    CHOSEN.set(f"{PREFIX}{name}")
    UPLOADS.set(UPLOADS.get(0) + 1)
