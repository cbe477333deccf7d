"""Maps against those whose they are."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import decomposition, manifold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from latentlab.analysis.arrays import Floats, digest
from latentlab.analysis.latent.pca import WIDE, pca
from latentlab.analysis.maps.projection import FULL_QUALITY, MANY, NARROW, project
from latentlab.analysis.neighbours import METRICS, neighbour_graph, neighbours
from tests.conftest import ROOT, naming

X = np.random.default_rng(0).normal(size=(200, 6)) @ np.random.default_rng(1).normal(size=(6, 6)) + 5


CODES = np.random.default_rng(4).permutation(1_000)[:240].reshape(60, 4).astype(np.float32)  # exact squares and sums


@pytest.fixture
def umap() -> ModuleType:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        return importlib.import_module("umap")


def test_a_pca_map_is_the_components_and_what_they_explain() -> None:
    found, expected = project(X, "pca", n_components=3), pca(X, 3)
    np.testing.assert_allclose(found.xy, expected.project(X), atol=1e-5)
    assert found.axes is not None
    np.testing.assert_allclose(found.axes.share, expected.share, rtol=1e-5)
    assert found.xy.dtype == np.float32


def test_wide_codes_have_the_same_components() -> None:
    rng = np.random.default_rng(5)
    wide = rng.normal(size=(40, 3)) * [9, 5, 2] @ rng.normal(size=(3, WIDE)) + 0.01 * rng.normal(size=(40, WIDE))
    found = project(wide, "pca").axes
    assert found is not None
    theirs = decomposition.PCA(2, svd_solver="full").fit(wide)
    np.testing.assert_allclose(np.abs(np.sum(found.components * theirs.components_, 1)), 1, rtol=1e-4)
    np.testing.assert_allclose(found.share, theirs.explained_variance_ratio_, rtol=1e-3)
    assert (found.components[[0, 1], np.abs(found.components).argmax(1)] > 0).all()


@pytest.mark.parametrize("settings", [{}, FULL_QUALITY, {"n_neighbors": 8, "min_dist": 0.5, "init": "random"}])
@pytest.mark.parametrize("n_components", [2, 3])
@pytest.mark.slow
def test_a_umap_is_umap_learns(umap: ModuleType, settings: dict[str, Any], n_components: int) -> None:
    """To the bit: the squares of whole numbers are exact, so both find the very same distances."""
    found = project(CODES, "umap", 3, n_components, **settings)
    same = {"n_epochs": 70, "learning_rate": 0.5, "negative_sample_rate": 8, "init": "pca"} | settings
    theirs = umap.UMAP(
        n_components=n_components, random_state=3, n_jobs=1, **(same | {"n_epochs": same["n_epochs"] or None})
    )
    np.testing.assert_array_equal(found.xy, theirs.fit_transform(CODES))
    assert found.params.items() >= same.items()


def test_full_quality_is_what_umap_learn_does_untold(umap: ModuleType) -> None:
    theirs = umap.UMAP(random_state=3, n_jobs=1).fit_transform(CODES)
    np.testing.assert_array_equal(project(CODES, "umap", 3, **FULL_QUALITY).xy, theirs)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.slow
def test_the_neighbours_are_umap_learns(umap: ModuleType, metric: str) -> None:
    found = project(X, "umap", metric=metric, n_epochs=1).graph
    theirs = umap.UMAP(metric=metric, transform_mode="graph", random_state=0, n_jobs=1).fit(X)
    assert found is not None
    ours = umap.umap_.fuzzy_simplicial_set(
        X,
        15,
        None,
        metric,
        knn_indices=np.column_stack([np.arange(200), found.index]),
        knn_dists=np.column_stack([np.zeros(200), found.distance]),
    )[0]
    np.testing.assert_allclose(ours.toarray(), theirs.graph_.toarray(), atol=1e-3)


@pytest.mark.parametrize(("n", "d", "metric"), [(MANY, NARROW + 9, "euclidean"), (MANY + 1, NARROW + 9, "cosine")])
def test_neighbours_are_those_of_the_codes(n: int, d: int, metric: str) -> None:
    z = np.random.default_rng(7).normal(size=(n, d)).astype(np.float32)
    found = project(z, "umap", n_neighbors=4, n_epochs=1, metric=metric).graph
    assert found is not None
    np.testing.assert_array_equal(found.index, neighbour_graph(z, 3, metric).index)


def test_of_many_wide_codes_they_are_those_of_their_components() -> None:
    z = np.random.default_rng(7).normal(size=(MANY + 1, NARROW + 9)).astype(np.float32)
    found = project(z, "umap", n_neighbors=4, n_epochs=1).graph
    expected, exact = neighbour_graph(pca(z, NARROW).project(z), 3), neighbour_graph(z, 3)
    assert found is not None
    np.testing.assert_array_equal(found.index, expected.index)
    assert (found.index != exact.index).any()
    again = project(z, "umap", 1, graph=found, n_neighbors=4, n_epochs=1).graph
    assert again is found


def test_a_graph_is_used_again() -> None:
    first = project(CODES, "umap", seed=1)
    for settings in ({"min_dist": 0.5}, {"n_neighbors": 5}, {}):
        fresh = project(CODES, "umap", seed=2, **settings)
        again = project(CODES, "umap", seed=2, graph=first.graph, **settings)
        assert again.graph is first.graph
        np.testing.assert_array_equal(again.xy, fresh.xy)
    assert (first.xy != again.xy).any()


@pytest.mark.parametrize(
    ("settings", "rows"), [({"n_neighbors": 16}, 60), ({"metric": "cosine"}, 60), ({"n_neighbors": 15}, 59)]
)
def test_a_graph_of_something_else_is_refused(settings: dict[str, Any], rows: int) -> None:
    with pytest.raises(ValueError, match=naming(14, "euclidean", 60)):
        project(CODES[:rows], "umap", graph=neighbour_graph(CODES, 14), **settings)


def test_a_graph_of_other_codes_is_refused() -> None:
    with pytest.raises(ValueError, match="graph"):
        project(CODES + 1, "umap", graph=neighbour_graph(CODES, 14))
    assert digest(CODES) != digest(CODES.reshape(120, 2))
    assert digest(CODES) == digest(np.asfortranarray(CODES))


def test_umap_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    z = np.random.default_rng(6).normal(size=(401, 3)).astype(np.float32)
    monkeypatch.setattr("latentlab.analysis.neighbours.AT_ONCE", 200)
    told: list[float] = []
    quiet, found = project(z, "umap", n_epochs=20), project(z, "umap", n_epochs=20, progress=told.append)
    np.testing.assert_array_equal(found.xy, quiet.xy)
    searching, laying_out = told[:3], told[3:]
    assert searching[0] == pytest.approx(searching[2] * 200 / len(z))
    assert laying_out[0] == searching[2] > 0
    assert sorted(set(told)) == list(dict.fromkeys(told))
    assert len(set(laying_out)) == 21
    assert told[-1] == 1
    again: list[float] = []
    project(z, "umap", n_epochs=20, graph=found.graph, progress=again.append)
    assert list(dict.fromkeys(again)) == pytest.approx([k / 20 for k in range(21)])


def test_who_is_told_can_end_it() -> None:
    def stop(share: float) -> None:
        if share > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        project(CODES, "umap", progress=stop)


def test_umap_leaves_torch_its_threads() -> None:
    n_threads = torch.get_num_threads()
    project(CODES, "umap")
    assert torch.get_num_threads() == n_threads


def test_tsne_is_scikit_learns_and_the_same_again() -> None:
    found = project(CODES, "tsne", 3, perplexity=10.0, max_iter=250)
    with threadpool_limits(1):
        theirs = manifold.TSNE(perplexity=10, max_iter=250, init="pca", random_state=3).fit_transform(CODES)
    np.testing.assert_array_equal(found.xy, theirs)
    np.testing.assert_array_equal(project(CODES, "tsne", 3, perplexity=10.0, max_iter=250).xy, found.xy)
    assert found.params == {"perplexity": 10.0, "metric": "euclidean", "max_iter": 250}


@pytest.mark.parametrize("method", ["umap", "tsne"])
@pytest.mark.parametrize("n", [4, 5, 20])
def test_few_codes_have_fewer_neighbours(method: str, n: int) -> None:
    found = project(CODES[:n], method)
    assert np.isfinite(found.xy).all()
    assert found.xy.shape == (n, 2)
    name, number = ("n_neighbors", min(15, n - 1)) if method == "umap" else ("perplexity", (n - 1) / 3)
    assert found.params[name] == number


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_constant_columns_and_duplicates_are_laid_out(method: str) -> None:
    z = np.hstack([np.repeat(CODES[:10], 6, 0), np.ones((60, 2))])
    assert np.isfinite(project(z, method).xy).all()
    line = np.hstack([CODES[:, :1], np.zeros((60, 1))])
    assert np.isfinite(project(line, method).xy).all()


def test_far_groups_are_laid_out_in_full_quality() -> None:
    z = np.vstack([CODES + 1e5 * k for k in range(3)])
    assert np.isfinite(project(z, "umap", **FULL_QUALITY).xy).all()


@pytest.mark.parametrize(
    ("z", "method", "settings", "named"),
    [
        (CODES, "lda", {}, ("'lda'", "pca", "umap", "tsne")),
        (CODES, "umap", {"perplexity": 3}, ("perplexity", "n_neighbors", "min_dist")),
        (CODES, "umap", {"n_neighbors": 1}, ("n_neighbors", 2, 200, 1)),
        (CODES, "umap", {"metric": "yule"}, ("metric", "euclidean", "cosine", "correlation")),
        (CODES[:3], "umap", {}, (4, 3)),  # needed, there
        (CODES[:, :1], "tsne", {}, (60, 1)),  # codes, dimensions
        (CODES[:, :1], "pca", {}, (2, 60, 1)),
        (np.ones((50, 3)), "umap", {}, ("codes", "same")),
        (np.append(CODES, np.full((1, 4), np.nan), 0), "pca", {}, (1, 61)),
        (CODES[0], "pca", {}, ((4,),)),
    ],
)
def test_what_cannot_be_laid_out_is_refused(
    z: Floats, method: str, settings: dict[str, Any], named: tuple[object, ...]
) -> None:
    with pytest.raises(ValueError, match=naming(*named)):
        project(z, method, **settings)


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(ValueError, match=naming("'yule'", "euclidean", "cosine", "correlation")):
        neighbours(CODES, CODES, 3, "yule")


@pytest.mark.slow
def test_what_is_heavy_is_imported_where_it_is_used() -> None:
    modules = ", ".join(
        f"latentlab.analysis.{name}"
        for name in ("latent.pca", "maps.projection", "maps.trustworthiness", "maps.clusters", "activations")
    )
    code = f"import {modules}, sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert {"umap", "sklearn", "numba", "scipy"} & set(out.stdout.split()) == set()
