"""Data of the user's own: upload them, see how they were read, save them, choose them, remove them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from latentlab import data, settings
from latentlab.analysis.columns import Columns
from latentlab.data import DataError, Kind, Library
from latentlab.data.files import joined
from latentlab.data.files.image_files import SUFFIXES
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.tables import FIRST_ROWS, columns_of, is_table
from latentlab.figures.examples.choose import appearance
from pages.navigation import CLUSTERS, TRAIN
from pages.shared import url_state
from pages.shared.deletion import data_set, delete_button, deleted
from pages.shared.example_view import show
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

MAX_UPLOAD = 256 << 20  # bytes of all files together; the server's own limit is for each
SHOWN, ROWS = 24, 6  # examples that are images, or rows of a table
STEPS = 1_500  # of a first training, so that something is to be seen
AUTOMATIC = "by its name"
FITTING = "the column that fits"
DATASET: Slot[str] = Slot("dataset")  # the widget that chooses the data of a training
UPLOADS: Slot[int] = Slot("uploads")  # how many were kept: each time the field starts empty
UPLOAD_FAILED: Slot[str] = Slot("upload-failed")  # why the last one was not kept


def choose_data() -> str:
    """The control that chooses the data of a training, the user's own among them."""
    names = data.names()
    if DATASET.get() not in names:  # the page was just opened, or the data were removed
        wishes = (url_state.read("dataset"), settings.first_data())
        DATASET.set(next((name for name in wishes if name in names), "digits"))
    chosen: str = st.selectbox("Data", names, key=DATASET.name, help="Upload your own at the foot of this page")
    url_state.write("dataset", chosen)
    return chosen


def first_epochs(name: str) -> int:
    """How long a first training is: 20 epochs, more where an epoch is short."""
    if name in data.NAMES:
        return 200 if name == "digits" else 20
    try:
        return min(500, max(20, STEPS * 128 // max(1, Library.default().card(name).n)))
    except DataError:
        return 20


def announce() -> None:
    """Say what the app was started with."""
    name = settings.first_data()
    if name in Library.default():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/database: Your data **{plain(name)}**: {_outline(name)}")
            CLUSTERS.link("Map it", run=f"data:{name}")
            TRAIN.link("Train on it", dataset=name)


def own_data() -> None:
    """Upload and save data, and the list of saved data; nothing in an app for looking only."""
    if settings.is_read_only():
        return
    with st.expander("Data of your own", icon=":material/upload_file:", key="own-data"):
        left, right = st.columns([2, 1], gap="large")
        with left:
            _upload()
        with right:
            _kept()


def _upload() -> None:
    files = st.file_uploader(
        "Upload images, a zip of them, arrays (.npz, .npy, IDX), a table, or vectors and a table",
        accept_multiple_files=True,
        key=f"upload-{UPLOADS.get(0)}",
        help="In a zip, folders are classes. IDX: images and labels together. A table: with the images that it names.",
    )
    if message := UPLOAD_FAILED.pop():
        st.error(plain(message), icon=":material/error:")
    if not files:
        st.caption(
            "Nothing is unpickled, nothing is sent anywhere; saved data stay in the folder of your runs until you "
            "delete them."
        )
        return
    try:
        label, image = _columns(files)
        opened = _opened(tuple(file.file_id for file in files), label, image, files)
    except DataError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    source = _safe(files[0].name) if len(files) == 1 else f"{len(files)} files, {_safe(files[0].name)} first"
    _look(opened)
    preferred = st.text_input("Name", opened.splits.train.name, max_chars=40, key="own-name")
    st.button(
        "Save and choose",
        key="keep",
        type="primary",
        icon=":material/save:",
        on_click=_keep,
        args=(opened, source, preferred),
    )


def _columns(files: Sequence[UploadedFile]) -> tuple[str, str]:
    """Of a table: the column with the label, and that with the names of the images next to it; empty for none."""
    tables = [file for file in files if is_table(_safe(file.name))]
    if len(tables) != 1 or not tables[0].size:
        return "", ""
    names = _names(tables[0].file_id, tables[0])
    left, right = st.columns(2)
    label = left.selectbox("Label", [AUTOMATIC, *names], key="own-label", help="The column that names the class")
    if not any(_safe(file.name).lower().endswith(tuple(SUFFIXES)) for file in files):
        return "" if label == AUTOMATIC else label, ""
    text = "The column with the names of the image files"
    image = right.selectbox("Images", [FITTING, *names], key="own-image", help=text)
    return "" if label == AUTOMATIC else label, "" if image == FITTING else image


def _look(opened: Opened) -> None:
    """What was read: the sentences, and some of the examples."""
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in opened.summary))
    train = opened.splits.train
    columns = None if train.kind is Kind.IMAGE else Columns.of(train.x.numpy(), opened.features)
    few = train[: SHOWN if columns is None else ROWS]
    titles = [train.classes[k] if k >= 0 else "" for k in few.y.tolist()]
    show(appearance(train.kind, train.shape, columns), few.x, 12, "The first examples", titles)


def _keep(opened: Opened, source: str, preferred: str) -> None:
    """Before the page runs again, so that its form can start from the choice."""
    try:
        name = Library.default().save(opened, source, preferred)
    except DataError as error:
        UPLOAD_FAILED.set(str(error))
        return
    DATASET.set(name)
    UPLOADS.set(UPLOADS.get(0) + 1)
    st.toast(f"Saved as {plain(name)}, and chosen.", icon=":material/check:")


def _kept() -> None:
    names = Library.default().names()
    st.markdown("**Kept**" if names else "Nothing is saved yet.")
    for name in names:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(name)}**", width="content")
            st.space("stretch")
            delete_button([data_set(name)], "", f"Delete {plain(name)}")
        st.caption(_outline(name))
        CLUSTERS.link("Map it", run=f"data:{name}")
    deleted([(data_set(one.name), one.when) for one in Library.default().trash.contents()])


def _outline(name: str) -> str:
    try:
        card = Library.default().card(name)
    except DataError as error:
        return plain(str(error))
    size = {
        1: "vectors of {:,}", 2: "series of {:,} times, {:,} numbers each", 3: "images of {2} × {1}",
    }[len(card.shape)].format(*card.shape)  # fmt: skip
    several = f", {len(card.classes)} classes" if len(card.classes) > 1 else ", one class"
    classes = several if card.classes else ", no labels"
    return f"{card.n:,} {size}{classes}, from {plain(card.source)}"


@remember(2, "Reading …", seconds=600)
def _opened(ids: tuple[str, ...], label: str, image: str, _files: Sequence[UploadedFile]) -> Opened:  # noqa: ARG001
    if sum(file.size for file in _files) > MAX_UPLOAD:
        raise DataError(f"The files are more than {MAX_UPLOAD >> 20} MiB together; open them on the command line.")
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        return read_path(_written(_files, Path(folder) / "images"), ReadOptions(label=label or None, image=image))


@remember(16)
def _names(file_id: str, _file: UploadedFile) -> tuple[str, ...]:  # noqa: ARG001
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        return tuple(columns_of(_written([_file], Path(folder) / "table"), most=FIRST_ROWS).columns)


def _written(files: Sequence[UploadedFile], folder: Path) -> Path:
    """The files in a folder of their own; returns which of them is to be opened, or the folder for images alone."""
    folder.mkdir()
    for file in files:
        (folder / _safe(file.name)).write_bytes(file.getbuffer())
    written = sorted(folder.iterdir())
    tables = [path for path in written if is_table(path.name)]
    rest = [path for path in written if path.suffix.lower() not in SUFFIXES]
    if len(written) == 1 and rest:
        return written[0]
    if not rest:
        return folder
    if two := joined.pair([path.name for path in rest]) if len(rest) == 2 else None:
        return folder.rename(folder.with_name(Path(two[0]).stem))
    if rest == tables and len(tables) == 1:
        return folder.rename(folder.with_name(tables[0].stem))
    pair = [path for path in rest if "images" in path.name]
    if len(written) == len(rest) == 2 and len(pair) == 1:
        return pair[0]
    raise DataError(
        "These files don't go together: upload one file, images, a table with its images or vectors, or an IDX pair."
    )


def _safe(name: str) -> str:
    """The last part of a file's name, fit for a file: a browser may send anything."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w .()-]", "_", last)[-100:].lstrip(".") or "file"
