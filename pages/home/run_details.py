"""What a run is: where it comes from, its settings and numbers, its size on disk, and the run itself as a file."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import streamlit as st

from latentlab.runs.export import pack
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from pages.shared.downloads import download
from pages.shared.text import plain


def run_details(store: Store, run: Run) -> None:
    """Draw a folded table, with the file and the commands that lead to the folder and to another machine.

    The folder itself is not named: a browser may be on another machine than the server.
    """
    with st.expander("Details", icon=":material/info:", key="details"):
        left, right = st.columns(2, gap="large")
        rows = [{"what": name, "value": text(value)} for name, value in (facts(store, run) | settings(run)).items()]
        left.dataframe(rows, hide_index=True, alt=f"What {run.title} is")
        with right:
            if run.note:
                st.markdown(plain(run.note))
            about = "Its parameters, snapshots, curves and test examples, with a card that says what it is"
            try:
                store.load(run.id)
                store.examples(run.id)
            except RunError as error:
                st.error(f"It can't be exported: {plain(str(error))}", icon=":material/error:")
            else:
                download("Export", lambda: _packed(store, run.id), f"{run.id}.zip", about)
            st.caption("Its folder, and the same file on the command line:")
            st.code(f"latentlab runs --path {run.id}\nlatentlab export {run.id}", language=None)


def facts(store: Store, run: Run) -> dict[str, object]:
    """What is to be known of a run besides its settings and numbers."""
    minutes, seconds = divmod(round(run.seconds), 60)
    return {
        "id": run.id,
        "on disk": f"{n_bytes(store.folder(run.id)) / 1e6:,.2f} MB",
        "finished": f"{datetime.fromisoformat(run.created):%d %b %Y, %H:%M} UTC",
        "took": f"{minutes} min {seconds} s" if minutes else f"{seconds} s",
        "steps": f"{run.steps:,}",
        "snapshots": ", ".join(map(str, store.snapshots(run.id)[1:])) or None,
        "shape of an example": " × ".join(map(str, run.shape)),
        "classes": len(run.classes),
    }


def n_bytes(folder: Path) -> int:
    """The size of the files in a folder; 0 where it was removed just now."""
    try:
        return sum(path.stat().st_size for path in folder.glob("[!.]*"))
    except OSError:
        return 0


def settings(run: Run) -> dict[str, object]:
    """The settings of a run, and its numbers on the test split."""
    test = {f"test {name}": value for name, value in run.metrics.items()}
    return {"model": run.model, "data": run.dataset, "parameters": run.size, **run.config, **run.train, **test}


def _packed(store: Store, run_id: str) -> bytes:
    packed = io.BytesIO()
    pack(store, run_id, packed)
    return packed.getvalue()


def text(value: object) -> str:
    """A value as a cell of a table shows it."""
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
