"""Tables as people bring them, from a collection of such files; skipped where it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import read_path
from tests.conftest import SHARED_DATA, mentions

FIELD = SHARED_DATA / "field"
pytestmark = pytest.mark.skipif(
    not FIELD.is_dir(), reason="the collection isn't on this machine (../shared/data/field)"
)
WINE = "02_excel_decimal_comma"
CASES = {  # file -> examples, shape of one, classes
    f"{WINE}/teils_komma.csv": (90, (2,), 2),
    f"{WINE}/wein_ansi.csv": (178, (6,), 3),
    f"{WINE}/wein_gemischt.csv": (178, (8,), 3),
    f"{WINE}/wein_sepline.csv": (178, (6,), 3),
    f"{WINE}/wein_tausender.csv": (178, (6,), 3),
    f"{WINE}/wein_unicode.txt": (178, (6,), 3),
    f"{WINE}/wein_utf8.csv": (178, (6,), 3),
    "03_csv_vector_as_text/fer.csv": (300, (1, 8, 8), 10),
    "03_csv_vector_as_text/only_embedding.csv": (300, (64,), 6),
    "03_csv_vector_as_text/with_embeddings.csv": (300, (64,), 6),
    "04_vectors_and_metadata/both.zip": (300, (64,), 3),
    "12_time_series/Beat_TRAIN.tsv": (200, (140, 1), 5),
    "14_folder_with_labels_csv/input": (30, (3, 48, 64), 3),
    "15_hf_images_parquet/train-00000-of-00001.parquet": (40, (3, 40, 40), 2),
    "16_imbalanced/fraud.csv": (1000, (5,), 2),
    "18_sentinel/air.csv": (355, (3,), 2),
    "19_na_label/regions.csv": (150, (6,), 3),
    "20_other_containers/bees.csv.gz": (178, (6,), 3),
    "20_other_containers/emb.jsonl": (300, (64,), 6),
    "20_other_containers/vectors.txt": (300, (64,), 0),
    "20_other_containers/wide.feather": (300, (64,), 3),
    "21_r_and_scipy/pca.tsv": (178, (6,), 0),
    "21_r_and_scipy/pca_space.txt": (178, (6,), 0),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_gives_what_its_owner_wants(name: str) -> None:
    splits = read_path(FIELD / name).splits
    found = (sum(map(len, splits)), splits.train.shape, len(splits.train.classes))
    assert found == CASES[name]


@pytest.mark.parametrize(
    ("vectors", "table", "n_classes"),
    [("embeddings.npy", "metadata.csv", 3), ("projector_vectors.tsv", "projector_metadata.tsv", 6)],
)
def test_vectors_and_metadata_are_joined(vectors: str, table: str, n_classes: int) -> None:
    folder: Path = FIELD / "04_vectors_and_metadata"
    opened = read_path(folder / vectors, ReadOptions(table=folder / table))
    assert sum(map(len, opened.splits)) == 300
    assert opened.splits.train.shape == (64,)
    assert len(opened.splits.train.classes) == n_classes


@pytest.mark.parametrize("column", ["filepath", "image_id", "win_path"])
def test_images_are_found_by_any_column_that_names_them(column: str) -> None:
    opened = read_path(FIELD / "14_folder_with_labels_csv" / "input" / "labels.csv", ReadOptions(image=column))
    assert sum(map(len, opened.splits)) == 30
    assert len(opened.splits.train.classes) == 3


def test_fill_values_giants_and_rare_classes_are_said() -> None:
    air = read_path(FIELD / "18_sentinel" / "air.csv").summary
    assert any(mentions(one, "-9999", "ozone") for one in air)
    assert any(mentions(one, "1e+06", "temp") for one in air)
    fraud = read_path(FIELD / "16_imbalanced" / "fraud.csv").summary
    assert any(mentions(one, "normal", 997, "fraud", 3) for one in fraud)
