"""What a visitor uploaded, on the disk for as long as it is read."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from streamlit.runtime.uploaded_file_manager import UploadedFile

from latentlab.data import DataError
from latentlab.data.files import joined
from latentlab.data.files.columns import Table
from latentlab.data.files.image_files import SUFFIXES
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.tables import FIRST_ROWS, columns_of, is_table
from pages.shared.remember import remember
from pages.shared.uploads import safe_name

MAX_UPLOAD = 256 << 20  # bytes of all files together; the server's own limit is for each


@dataclass(frozen=True)
class Upload:
    """Some uploaded files, which belong together."""

    files: tuple[UploadedFile, ...]

    @property
    def key(self) -> str:
        """The ids of the files, which no others have."""
        return " ".join(file.file_id for file in self.files)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files, fit for files: a browser may send anything."""
        return tuple(safe_name(file.name) for file in self.files)

    @property
    def source(self) -> str:
        """What is said of where the data come from."""
        first = self.names[0]
        return first if len(self.files) == 1 else f"{len(self.files)} files, {first} first"

    @property
    def table(self) -> Upload | None:
        """The table among the files; None where there are none or several."""
        tables = [file for file, name in zip(self.files, self.names, strict=True) if is_table(name)]
        return Upload((tables[0],)) if len(tables) == 1 and tables[0].size else None

    @property
    def has_image_files(self) -> bool:
        """Whether files of images are among them, or in a zip."""
        return any(name.lower().endswith((".zip", *SUFFIXES)) for name in self.names)


@remember(2, "Reading …", seconds=600)
def opened(upload: Upload, options: ReadOptions) -> Opened:
    """The data in the files.

    Raises:
        DataError: too much of them, or as `read_path`.
    """
    if sum(file.size for file in upload.files) > MAX_UPLOAD:
        raise DataError(f"The files are more than {MAX_UPLOAD >> 20} MB together; open them on the command line.")
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        return read_path(_written(upload, Path(folder) / "images"), options)


@remember(16)
def first_rows(table: Upload) -> Table | None:
    """The first rows of a table; None where they can't be read, which reading all of it says."""
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        try:
            return columns_of(_written(table, Path(folder) / "table"), most=FIRST_ROWS)
        except DataError:
            return None


def _written(upload: Upload, folder: Path) -> Path:
    """The files in a folder of their own; returns which of them is to be opened, or the folder for images alone."""
    folder.mkdir()
    for file, name in zip(upload.files, upload.names, strict=True):
        (folder / name).write_bytes(file.getbuffer())
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
