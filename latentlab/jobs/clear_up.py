"""What the app removes when it starts: the temporary files of cut writes, and what was deleted long ago."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from latentlab import settings
from latentlab.data import Library
from latentlab.jobs.queue import is_held
from latentlab.runs.store import Store
from latentlab.serialization import TEMPORARY

DAY = 86_400.0  # seconds; no write takes as long


def clear_up() -> None:
    """Remove both, of the user's runs and data; an app for looking only leaves them."""
    if settings.is_read_only():
        return
    remove_cut_writes(settings.runs())
    for store in (Store.default(), Library.default()):
        store.trash.empty()


def remove_cut_writes(root: Path) -> list[Path]:
    """Remove the temporary files and folders of writes that never ended.

    Those that are younger than a day stay, and those in the folder of a job that a living process trains.

    Args:
        root: of the store.

    Returns:
        What was removed.
    """
    removed = []
    for path in sorted(root.rglob(".*")):
        try:
            if not TEMPORARY.fullmatch(path.name) or path.is_symlink():
                continue
            if time.time() - path.stat().st_mtime < DAY or is_held(path.with_name("job.lock")):
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError:  # removed by another server, or not ours to remove
            continue
        removed.append(path)
    return removed
