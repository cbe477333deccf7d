"""Files that are not opened, each with what to do instead: recognised by their name or their first bytes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import shown

START = 512  # bytes that are looked at
PICKLES = (".pkl", ".pickle", ".p", ".joblib", ".dill")
TORCH = (".pt", ".pth", ".ckpt", ".bin")
TO_CONVERT = {
    ".xlsx": "a workbook: save the sheet as CSV",
    ".xls": "a workbook: save the sheet as CSV",
    ".ods": "a workbook: save the sheet as CSV",
    ".numbers": "a workbook: export the sheet as CSV",
    ".docx": "a document: save its table as CSV",
    ".pdf": "a document: save its table as CSV, or its pages as PNG",
    ".json": "JSON: save it as CSV, or as one object a line (.jsonl)",
    ".db": "a data base: save the table as CSV or Parquet",
    ".sqlite": "a data base: save the table as CSV or Parquet",
    ".rds": "of R: write.csv(x, 'name.csv', row.names = FALSE) saves a table of it",
    ".rdata": "of R: write.csv(x, 'name.csv', row.names = FALSE) saves a table of it",
    ".sav": "of SPSS: save it as CSV",
    ".dta": "of Stata: save it as CSV",
    ".arff": "of Weka: save it as CSV",
    ".tfrecord": "of TensorFlow: save its arrays with numpy.savez",
    ".zarr": "a Zarr array: save it with numpy.save",
    ".nc": "of NetCDF: save the variable with numpy.save(name, data.variables['x'][:])",
    ".tar": "an archive: unpack it and open the folder, or make a zip of it",
    ".tgz": "an archive: unpack it and open the folder, or make a zip of it",
    ".7z": "an archive: unpack it and open the folder, or make a zip of it",
    ".rar": "an archive: unpack it and open the folder, or make a zip of it",
    ".bz2": "packed: unpack it first",
    ".xz": "packed: unpack it first",
    ".zst": "packed: unpack it first",
    ".wav": "a sound: save its samples, or its spectrogram, with numpy.save as (N, times)",
    ".mp3": "a sound: save its samples, or its spectrogram, with numpy.save as (N, times)",
    ".mp4": "a film: save its frames as PNG",
    ".avi": "a film: save its frames as PNG",
    ".mov": "a film: save its frames as PNG",
}
PICTURES = {
    ".heic": "save it as JPEG",
    ".heif": "save it as JPEG",
    ".avif": "save it as PNG or JPEG",
    ".jxl": "save it as PNG or JPEG",
    ".svg": "save it as PNG",
    ".eps": "save it as PNG",
    ".psd": "save it as PNG",
    ".jp2": "save it as PNG",
    ".exr": "save it as a 16-bit PNG or TIFF",
    **dict.fromkeys((".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2"), "develop it to JPEG or TIFF"),
    ".dcm": "save its pixel_array, by pydicom, as a 16-bit PNG",
    **dict.fromkeys((".nii", ".mgz"), "save slices of it, by nibabel, with numpy.save as (N, height, width)"),
    **dict.fromkeys((".czi", ".nd2", ".lif", ".oib"), "export it as TIFF"),
}


def refuse(path: Path) -> None:
    """Say what to do with a file that isn't opened; nothing where it is of another kind.

    Raises:
        DataError: it is of such a kind.
    """
    name, suffix = shown(path.name), path.suffix.lower()
    with path.open("rb") as stream:
        start = stream.read(START)
    base = path.name.removesuffix(path.suffix)
    torch_zip = start[:4] == b"PK\x03\x04" and b"data.pkl" in start
    if suffix in TORCH or torch_zip:
        raise DataError(
            f"{name} is PyTorch's and holds Python objects, which are never unpickled; convert it in Python, if you"
            f" trust it, by `import numpy, torch; d = torch.load({path.name!r}, weights_only=True);"
            " d = d if isinstance(d, dict) else {'x': d};"
            f" numpy.savez({base + '.npz'!r}, **{{k: v.numpy() for k, v in d.items() if torch.is_tensor(v)}})`,"
            " and open that."
        )
    pickled = start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"
    if pickled and b"data" in start and (b"batch" in path.name.encode() or b"filenames" in start):
        raise DataError(
            f"{name} is a batch of CIFAR, a pickle, which is never opened; convert it in Python, if you trust it, by"
            " `import numpy, pathlib, pickle;"
            f" d = pickle.loads(pathlib.Path({path.name!r}).read_bytes(), encoding='bytes');"
            f" numpy.savez({base + '.npz'!r}, x=d[b'data'].reshape(-1, 3, 32, 32), y=d[b'labels'])`, and open that."
        )
    if pickled or suffix in PICKLES:
        raise DataError(
            f"{name} is a pickle, which is never opened, as it can run any program; convert it in Python, if you trust"
            f" it, by `import numpy, pathlib, pickle; d = pickle.loads(pathlib.Path({path.name!r}).read_bytes());"
            f" numpy.savez({base + '.npz'!r}, **(d if isinstance(d, dict) else {{'x': d}}))`, and open that."
        )
    if remedy := TO_CONVERT.get(suffix) or PICTURES.get(suffix) or _by_start(path, start):
        what = "an image of a kind that LatentLab doesn't open: " if suffix in PICTURES else ""
        raise DataError(f"{name} is {what}{remedy}.")


def no_image(name: str) -> str:
    """Why a file among images is skipped, to complete `skipped as …`, with what to do where that is known."""
    remedy = PICTURES.get(PurePosixPath(name).suffix.lower())
    return f"of a kind that is not opened ({remedy})" if remedy else "no image by its name"


def _by_start(path: Path, start: bytes) -> str:
    """Of a file whose name doesn't say what it is."""
    if path.name.lower().endswith((".nii.gz", ".mnc.gz")):
        return f"a volume: {PICTURES['.nii']}"
    if path.name.lower().endswith((".tar.gz", ".tar.bz2", ".tar.xz")):
        return TO_CONVERT[".tar"]
    if start[128:132] == b"DICM":
        return f"of DICOM: {PICTURES['.dcm']}"
    if start.startswith(b"SQLite format 3"):
        return TO_CONVERT[".db"]
    return ""
