"""A map that is kept is the one that would be computed, is found for nothing else, and damage is never believed."""

from __future__ import annotations

import os
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from latentlab.analysis.arrays import digest
from latentlab.analysis.maps.layout_cache import LayoutCache, project_or_find
from latentlab.analysis.maps.projection import Projection, UmapKnobs, project
from latentlab.analysis.neighbours import Graph, neighbour_graph
from latentlab.jobs.background import Background, report
from latentlab.runs.store import Store
from latentlab.serialization import read_metadata, read_tensors
from tests.conftest import naming

CODES = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
MAP = Projection(np.random.default_rng(1).normal(size=(60, 2)).astype(np.float32), "umap", 3, asdict(UmapKnobs()))


@pytest.fixture
def cache(tmp_path: Path) -> LayoutCache:
    return LayoutCache(tmp_path / "maps")


def one(cache: LayoutCache, pattern: str) -> Path:
    (path,) = cache.root.glob(pattern)
    return path


def test_it_is_beside_the_runs_and_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    store = Store.default()
    assert LayoutCache.default().root.parent == store.root
    LayoutCache.default().save(CODES, MAP)
    assert [row.id for row in store.rows() if not row.shipped] == []


def test_what_is_kept_is_found(cache: LayoutCache) -> None:
    assert cache.find(CODES, "umap", 3) is None
    cache.save(CODES, MAP)
    found = cache.find(CODES.copy(), "umap", 3, n_neighbors=15)
    assert found is not None
    np.testing.assert_array_equal(found.xy, MAP.xy)
    assert (found.method, found.seed, found.params["n_neighbors"], found.graph) == ("umap", 3, 15, None)
    assert len(list(cache.root.iterdir())) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"z": CODES + 1},
        {"z": CODES[::-1]},
        {"method": "tsne"},
        {"seed": 4},
        {"n_components": 3},
        {"min_dist": 0.2},
        {"n_neighbors": 14},
        {"metric": "cosine"},
    ],
)
def test_nothing_else_is_found(cache: LayoutCache, asked: dict[str, Any]) -> None:
    cache.save(CODES, MAP)
    sought: dict[str, Any] = {"z": CODES, "method": "umap", "seed": 3} | asked
    assert cache.find(**sought) is None


def test_another_version_makes_its_own_maps(cache: LayoutCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.save(CODES, MAP)
    version = metadata.version
    for library in ("umap-learn", "numba", "scikit-learn"):
        with monkeypatch.context() as patch:
            patch.setattr(metadata, "version", lambda n, new=library: version(n) + ".1" * (n == new))
            assert cache.find(CODES, "umap", 3) is None
    assert cache.find(CODES, "umap", 3) is not None


def test_unknown_settings_are_refused(cache: LayoutCache) -> None:
    with pytest.raises(ValueError, match=naming("'lda'")):
        cache.find(CODES, "lda")
    with pytest.raises(ValueError, match=naming("'lda'")):
        project_or_find(cache, CODES, "lda")
    with pytest.raises(ValueError, match=naming("perplexity")):
        project_or_find(cache, CODES, "umap", perplexity=3)


# --- computed once -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_map_is_computed_once_and_its_neighbours_too(cache: LayoutCache) -> None:
    def asked(seed: int, **params: Any) -> tuple[Projection, list[float]]:
        told: list[float] = []
        return project_or_find(cache, CODES, "umap", seed, progress=told.append, n_epochs=10, **params), told

    first, told = asked(1)
    assert told[0] > 0  # the neighbours
    again, told = asked(1)
    assert told == []
    np.testing.assert_array_equal(again.xy, first.xy)
    assert again.params == first.params
    expected = project(CODES, "umap", 1, n_epochs=10)
    np.testing.assert_array_equal(first.xy, expected.xy)
    assert (first.params, first.graph) == (expected.params, None)
    more: list[tuple[int, dict[str, Any]]] = [(2, {}), (1, {"min_dist": 0.5}), (1, {"n_neighbors": 7})]
    for seed, params in more:
        other, told = asked(seed, **params)
        assert told[0] == 0  # the layout at once
        np.testing.assert_array_equal(other.xy, project(CODES, "umap", seed, n_epochs=10, **params).xy)
    _, told = asked(1, n_neighbors=20)
    assert told[0] > 0
    _, told = asked(3, n_neighbors=15)
    assert told[0] == 0
    assert read_tensors(one(cache, "graph-*"))["index"].shape == (60, 19)


@pytest.mark.slow
def test_few_codes_are_found_under_what_was_asked_for(cache: LayoutCache) -> None:
    first = project_or_find(cache, CODES[:6], "umap", n_epochs=10)
    found = cache.find(CODES[:6], "umap", n_epochs=10)
    assert found is not None
    assert found.params == first.params
    assert found.params["n_neighbors"] == 5


def test_components_are_not_kept(cache: LayoutCache) -> None:
    found = project_or_find(cache, CODES, "pca")
    assert found.axes is not None
    assert not cache.root.exists()


@pytest.mark.slow
def test_the_helper_keeps_what_it_computes(cache: LayoutCache) -> None:
    helper = Background()
    found = helper.submit("map", project_or_find, cache, CODES, "tsne", 5, progress=report, max_iter=250).result(120)
    helper.close()
    kept = cache.find(CODES, "tsne", 5, max_iter=250)
    assert kept is not None
    np.testing.assert_array_equal(kept.xy, found.xy)


def test_a_disk_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = LayoutCache(tmp_path / "file")
    assert project_or_find(cache, CODES, "tsne", max_iter=250).xy.shape == (60, 2)
    with pytest.raises(OSError, match="file"):
        cache.save(CODES, MAP)


# --- never trusted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff" * 8 + b"{}", b"{" * 5_000])
@pytest.mark.parametrize("pattern", ["map-*", "graph-*"])
def test_what_is_no_such_file_is_not_there(cache: LayoutCache, pattern: str, content: bytes) -> None:
    cache.save(CODES, MAP)
    cache.save_graph(neighbour_graph(CODES, 14))
    path = one(cache, pattern)
    whole = path.read_bytes()
    for damaged in (content, whole[:-1], whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        found = cache.find(CODES, "umap", 3), cache.find_graph(digest(CODES), "euclidean", 14)
        assert found[pattern == "graph-*"] is None
        assert found[pattern == "map-*"] is not None
    path.unlink()
    path.mkdir()
    assert (cache.find(CODES, "umap", 3), cache.find_graph(digest(CODES), "euclidean", 14)).count(None) == 1


def planted(path: Path, tensors: dict[str, torch.Tensor], about: dict[str, str]) -> None:
    path.write_bytes(safetensors.torch.save(read_tensors(path) | tensors, read_metadata(path) | about))


XY = torch.from_numpy(MAP.xy)
FAR = XY.clone()
FAR[7, 1] = torch.nan


@pytest.mark.parametrize(
    ("tensors", "about"),
    [
        ({"xy": FAR}, {}),
        ({"xy": XY / 0}, {}),
        ({"xy": XY[:59].clone()}, {}),
        ({"xy": XY[:, :1].clone()}, {}),
        ({"xy": XY.double()}, {}),
        ({"xy": XY.long()}, {}),
        ({}, {"asked": "{}"}),
        ({}, {"used": "[]"}),
        ({}, {"used": "{}"}),
        ({}, {"used": "{"}),
        ({}, {"used": "[" * 100_000}),
        ({}, {"used": '{"n_neighbors": "many"}'}),
        ({}, {"used": '{"unheard": 1}'}),
    ],
)
def test_a_map_that_cannot_be_is_not_there(
    cache: LayoutCache, tensors: dict[str, torch.Tensor], about: dict[str, str]
) -> None:
    cache.save(CODES, MAP)
    planted(one(cache, "map-*"), {}, {})
    assert cache.find(CODES, "umap", 3) is not None
    planted(one(cache, "map-*"), tensors, about)
    assert cache.find(CODES, "umap", 3) is None


NEAR = neighbour_graph(CODES, 14)
INDEX, DISTANCE = torch.from_numpy(NEAR.index).int(), torch.from_numpy(NEAR.distance)


@pytest.mark.parametrize(
    ("tensors", "about"),
    [
        ({"index": INDEX + 1}, {}),
        ({"index": INDEX - 1}, {}),
        ({"index": INDEX.where(INDEX[0, 0] != INDEX, 0)}, {}),
        ({"index": INDEX.long()}, {}),
        ({"index": INDEX[:59].clone()}, {}),
        ({"index": INDEX[:59].clone(), "distance": DISTANCE[:59].clone()}, {}),
        ({"index": INDEX[0].clone(), "distance": DISTANCE[0].clone()}, {}),
        ({"distance": -DISTANCE}, {}),
        ({"distance": DISTANCE.flip(1)}, {}),
        ({"distance": DISTANCE / 0}, {}),
        ({"distance": DISTANCE * torch.nan}, {}),
        ({"distance": DISTANCE.double()}, {}),
        ({}, {"codes": digest(CODES + 1)}),
        ({}, {"metric": "cosine"}),
    ],
)
def test_neighbours_that_cannot_be_are_not_there(
    cache: LayoutCache, tensors: dict[str, torch.Tensor], about: dict[str, str]
) -> None:
    cache.save_graph(NEAR)
    planted(one(cache, "graph-*"), {}, {})
    found = cache.find_graph(digest(CODES), "euclidean", 14)
    assert found is not None
    assert cache.find_graph(digest(CODES), "euclidean", 15) is None
    np.testing.assert_array_equal(found.index, NEAR.index)
    np.testing.assert_array_equal(found.distance, NEAR.distance)
    planted(one(cache, "graph-*"), tensors, about)
    assert cache.find_graph(digest(CODES), "euclidean", 14) is None
    np.testing.assert_array_equal(
        project_or_find(cache, CODES, "umap", n_epochs=3).xy, project(CODES, "umap", n_epochs=3).xy
    )


# --- bounded -------------------------------------------------------------------------------------------------------


def aged(path: Path, seconds: int) -> None:
    os.utime(path, (1_000_000_000 - seconds,) * 2)


@pytest.mark.parametrize("limit", [{"max_files": 3}, {"max_bytes": 4_000}])
def test_what_was_not_asked_for_goes_first_and_only_maps_go(tmp_path: Path, limit: dict[str, int]) -> None:
    cache, small = LayoutCache(tmp_path), LayoutCache(tmp_path, **limit)
    foreign = tmp_path / "notes.safetensors"
    foreign.write_bytes(b"\0" * 10_000)
    torn = tmp_path / f".map-{'0' * 32}.safetensors.01234567"
    torn.write_bytes(b"\0" * 10)
    aged(foreign, 100)
    aged(torn, 99)
    paths = []
    for seed in range(3):
        cache.save(CODES, Projection(MAP.xy, "umap", seed, MAP.params))
        paths.append(next(path for path in tmp_path.glob("map-*") if path not in paths))
        aged(paths[-1], 50 - seed)
    assert 3 * 1_000 < sum(path.stat().st_size for path in paths) < 4_000
    assert cache.find(CODES, "umap", 0) is not None  # so it is no longer the oldest
    small.save(CODES, Projection(MAP.xy, "umap", 3, MAP.params))
    assert [cache.find(CODES, "umap", seed) is not None for seed in range(4)] == [True, False, True, True]
    assert foreign.exists()
    assert not torn.exists()


def test_a_graph_beyond_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = LayoutCache(tmp_path, max_bytes=100)
    cache.save_graph(Graph(NEAR.index, NEAR.distance, "euclidean", digest(CODES)))
    assert list(tmp_path.iterdir()) == []
