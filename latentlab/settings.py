"""Where the app, the shipped runs and the user's own files are."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VERSION = "0.1.0"  # of the package, see pyproject.toml
FIRST_DATA = "LATENTLAB_FIRST_DATA"  # set by the command that starts the app
READ_ONLY = "LATENTLAB_READ_ONLY"  # as well, or by whoever starts it otherwise
LESSONS = "LATENTLAB_LESSONS"  # as well
CLUSTER = "LATENTLAB_CLUSTER"  # as well
FOR_LOOKING = "This app is for looking only: nobody can train, upload, rename, delete or bring back anything here."
_INSTALLED = Path(__file__).parent / "_app"
IS_INSTALLED = _INSTALLED.is_dir()  # by pip: not a copy of the repository
ROOT = _INSTALLED if IS_INSTALLED else Path(__file__).parents[1]  # of app.py, pages/ and checkpoints/


def runs() -> Path:
    """The folder of the user's runs, and of the data they were trained on.

    It is `$LATENTLAB_RUNS`; else `runs/` in a copy of the repository, or in the user's folder for data if installed.
    """
    if given := os.environ.get("LATENTLAB_RUNS"):
        return Path(given)
    return (Path(platformdirs.user_data_dir("latentlab")) if IS_INSTALLED else ROOT) / "runs"


def data() -> Path | None:
    """The folder that is searched for data sets before the user's cache: `$LATENTLAB_DATA`, if any."""
    given = os.environ.get("LATENTLAB_DATA")
    return Path(given).absolute() if given else None


def environment() -> dict[str, str]:
    """Of a process that starts in another folder: it finds the same runs and data."""
    return {**os.environ, "LATENTLAB_RUNS": str(runs().resolve()), "LATENTLAB_DATA": str(data() or "")}


def is_read_only() -> bool:
    """Whether the app is for looking only, which stores, queue and library enforce."""
    return os.environ.get(READ_ONLY, "") not in ("", "0")


def cluster() -> str:
    """The address of the Ray cluster that trains what the app queues; empty for this machine."""
    return os.environ.get(CLUSTER, "")


def first_data() -> str:
    """The name of the data set that the app was started with; empty for none."""
    return os.environ.get(FIRST_DATA, "")


def lessons() -> Path | None:
    """The folder of lessons beside those that ship, `$LATENTLAB_LESSONS`, if any."""
    given = os.environ.get(LESSONS)
    return Path(given) if given else None


def served() -> Path:
    """The folder where models of the user's own that are served say where they are."""
    return runs() / ".served"
