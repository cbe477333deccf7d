"""What a cut write leaves in the store: its temporary file, which is removed when the app starts."""

from __future__ import annotations

import time
from pathlib import Path

from latentlab.jobs.queue import is_held
from latentlab.serialization import TEMPORARY

DAY = 86_400.0  # seconds; no write takes as long


def remove_cut_writes(root: Path) -> list[Path]:
    """Remove the temporary files of writes that never ended.

    Those that are younger than a day stay, and those in the folder of a job that a living process trains.

    Args:
        root: of the store.

    Returns:
        What was removed.
    """
    removed = []
    for path in sorted(root.rglob(".*")):
        try:
            if not TEMPORARY.fullmatch(path.name) or path.is_symlink() or not path.is_file():
                continue
            if time.time() - path.stat().st_mtime < DAY or is_held(path.with_name("job.lock")):
                continue
            path.unlink()
        except OSError:  # removed by another server, or not ours to remove
            continue
        removed.append(path)
    return removed
