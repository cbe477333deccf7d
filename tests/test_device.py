"""How many threads the libraries take: as many as training does, also those that are loaded later."""

from __future__ import annotations

import importlib

import pytest
import torch
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from latentlab import device


def threads() -> set[int]:
    """Of the BLAS of NumPy and of SciPy, of scikit-learn's OpenMP and of torch."""
    for name in ("numpy", "scipy.linalg", "sklearn.neighbors"):
        importlib.import_module(name)
    pools = threadpool_info()
    assert {pool["user_api"] for pool in pools} >= {"blas", "openmp"}
    return {torch.get_num_threads(), *(pool["num_threads"] for pool in pools)}


def test_all_libraries_take_as_many_threads_as_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threads() == {1}
    try:
        monkeypatch.setenv("LATENTLAB_THREADS", "2")
        assert device.limit_threads() == 2
        assert threads() == {2}
    finally:
        monkeypatch.delenv("LATENTLAB_THREADS")
        device.limit_threads()
    assert threads() == {1}
