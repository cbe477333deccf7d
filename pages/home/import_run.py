"""Bring a run from another machine: upload the zip that it was exported as, see what is in it, import it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from latentlab.runs.export import Contents, look, unpack
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.settings import is_read_only
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

T = TypeVar("T")
IMPORTS: Slot[int] = Slot("imports")  # how many were imported: each time the field starts empty
IMPORT_FAILED: Slot[str] = Slot("import-failed")  # why the last one was not


def import_run(store: Store, after: Callable[[str], None]) -> None:
    """Draw the field and the preview; `after` is called with the id of the imported run. None in an app for looking."""
    if is_read_only():
        return
    with st.expander("Import a run", icon=":material/upload_file:", key="import"):
        file = st.file_uploader("A zip that “Export” made", "zip", key=f"import-{IMPORTS.get(0)}")
        if message := IMPORT_FAILED.pop():
            st.error(plain(message), icon=":material/error:")
        if file is None:
            st.caption("All of it is checked, and none of it can run code.")
            return
        try:
            _preview(_contents(file.file_id, store, file))
        except RunError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.button("Import it", "import-run", type="primary", on_click=_import, args=(store, file, after))


def _preview(found: Contents) -> None:
    run = found.run
    st.markdown(f"**{plain(run.title)}** · {run.kind.title} on {plain(run.dataset)}, {run.size:,} parameters")
    numbers = [f"{plain(name)} {value:.4g} {run.unit(name)}".strip() for name, value in run.metrics.items()]
    n = len(found.snapshots)
    st.caption(" · ".join([*numbers, f"{found.n_examples:,} test examples", f"{n} snapshot{'' if n == 1 else 's'}"]))
    if found.known_as:
        st.info("This run is here already; importing it selects it.", icon=":material/check:")


@remember(2, "Checking …", seconds=600)
def _contents(file_id: str, _store: Store, _file: UploadedFile) -> Contents:  # noqa: ARG001
    return _as_file(_file, lambda path: look(_store, path))


def _import(store: Store, file: UploadedFile, after: Callable[[str], None]) -> None:
    """Before the page runs again, so that the table can show it."""
    try:
        run_id = _as_file(file, lambda path: unpack(store, path))
    except RunError as error:
        IMPORT_FAILED.set(str(error))
        return
    IMPORTS.set(IMPORTS.get(0) + 1)
    after(run_id)


def _as_file(file: UploadedFile, use: Callable[[Path], T]) -> T:
    """What `use` makes of an uploaded file, which lies on the disk for so long."""
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        path = Path(folder) / "upload.zip"
        path.write_bytes(file.getbuffer())
        return use(path)
