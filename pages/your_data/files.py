"""What a visitor uploaded, on the disk for as long as it is read."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from streamlit.runtime.uploaded_file_manager import UploadedFile

from latentlab.data import DataError
from latentlab.data.files import joined
from latentlab.data.files.file_sets import data_files, table_of
from latentlab.data.files.images.decoded import SUFFIXES
from latentlab.data.files.images.quick_draw import is_official
from latentlab.data.files.images.strokes import holds_strokes
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.examples import FIRST_ROWS
from pages.shared.remember import remember
from pages.shared.uploads import safe_name

DRAWINGS = "quick-draw"  # the name of files of Quick, Draw!, which are called by their classes
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
    def is_one_file(self) -> bool:
        """Whether it is one file by itself, and no zip of several."""
        return len(self.files) == 1 and not self.names[0].lower().endswith(".zip")

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
def first_rows(upload: Upload) -> Table | None:
    """The first rows of the table in the files; None where there is none, or it can't be read, as reading all says."""
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        try:
            return table_of(_written(upload, Path(folder) / "images"), FIRST_ROWS)
        except DataError:
            return None


def _written(upload: Upload, folder: Path) -> Path:
    """The files in a folder of their own; returns which of them is to be opened, or the folder for several."""
    folder.mkdir()
    for file, name in zip(upload.files, upload.names, strict=True):
        (folder / name).write_bytes(file.getbuffer())
    written = sorted(folder.iterdir())
    rest = [path for path in written if path.suffix.lower() not in SUFFIXES]
    if len(written) == 1 and rest:
        return written[0]
    if not rest:
        return folder
    images = [path for path in rest if "images" in path.name]
    if len(images) == 1 and len(written) == len(rest) == 2 and not data_files([path.name for path in rest]):
        return images[0]  # of an IDX pair
    if len(rest) > 1 and all(is_official(path.name) or holds_strokes(path) for path in rest):
        return folder.rename(folder.with_name(DRAWINGS))
    two = joined.pair([path.name for path in rest])
    return folder.rename(folder.with_name(Path(two[0]).stem if two else rest[0].stem))
