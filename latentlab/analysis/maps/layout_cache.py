"""The layout cache: maps on disk, so that what took seconds to compute is available at once the next time.

    <root>/map-<fingerprint>.safetensors           coordinates; as metadata, the request and the settings that were used
           graph-<codes>-<metric>.safetensors      the neighbours a UMAP rests on: for another min_dist, or seed

A fingerprint is a hash of all that decides a map: the codes, the method and its settings, the seed, and the versions
of the libraries that lay it out. What is read is checked; what is damaged, or of something else, is not there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats, as_codes, digest
from latentlab.analysis.maps.projection import METHODS, Projection, UmapKnobs, project
from latentlab.analysis.neighbours import Graph, Progress
from latentlab.knobs import KnobError, from_dict
from latentlab.runs.store import Store
from latentlab.serialization import RunError, read_metadata, read_tensors, write

FORMAT = 1  # another number lets all maps be made anew
MAX_BYTES = 200 << 20  # of all files together
MAX_FILES = 200
LIBRARIES = {"umap": ("umap-learn", "numba", "scikit-learn"), "tsne": ("scikit-learn",)}  # components take no time
_OWN = re.compile(r"\.?(map|graph)-[0-9a-f]{32}(-[a-z]+)?\.safetensors(\.[0-9a-f]{8})?")  # one broken off has a dot


@dataclass(frozen=True)
class LayoutCache:
    """A folder of maps, and of their neighbour graphs; the least recently used are removed first."""

    root: Path
    max_bytes: int = MAX_BYTES
    max_files: int = MAX_FILES

    @classmethod
    def default(cls) -> LayoutCache:
        """The user's maps, beside the runs."""
        return cls(Store.default().root / ".maps")

    def find(
        self, z: ArrayLike, method: str, seed: int = 0, n_components: int = 2, **params: object
    ) -> Projection | None:
        """The map that `project` would make, without its graph; None if it isn't there.

        Raises:
            ValueError: an unknown method or setting.
        """
        codes = as_codes(z)
        request = _request(codes, method, seed, n_components, params)
        path = self._path(request)
        try:
            tensors, about = read_tensors(path), read_metadata(path)
            said = json.loads(about.get("used", ""))
            used = asdict(from_dict(METHODS[method], said if isinstance(said, dict) else {}))
        except (RunError, KnobError, ValueError, RecursionError):
            return None
        xy = tensors.get("xy")
        if about.get("asked") != request or used != said or xy is None or xy.dtype != torch.float32:
            return None
        if xy.shape != (len(codes), n_components) or not xy.isfinite().all():
            return None
        _touch(path)
        return Projection(xy.numpy(), method, seed, used)

    def save(self, z: ArrayLike, found: Projection, **params: object) -> None:
        """Write a map, to be found again by the requested settings.

        Raises:
            OSError: the disk is full, or may not be written.
        """
        request = _request(as_codes(z), found.method, found.seed, found.xy.shape[1], params)
        about = {"asked": request, "used": json.dumps(found.params)}
        self._write(self._path(request), {"xy": found.xy}, about)

    def find_graph(self, codes: str, metric: str, k: int) -> Graph | None:
        """At least k neighbours of each of the codes of a `digest`; None if they aren't there."""
        path = self._graph_path(codes, metric)
        try:
            tensors, about = read_tensors(path), read_metadata(path)
        except RunError:
            return None
        index, distance = tensors.get("index"), tensors.get("distance")
        if about != {"codes": codes, "metric": metric} or index is None or distance is None:
            return None
        if index.dtype != torch.int32 or distance.dtype != torch.float32 or index.ndim != 2:
            return None
        if index.shape != distance.shape or index.shape[1] < k or not _are_neighbours(index, distance):
            return None
        _touch(path)
        return Graph(index.numpy().astype(np.int64), distance.numpy(), metric, codes)

    def save_graph(self, graph: Graph) -> None:
        """Write the neighbours of some codes, in place of fewer of them.

        Raises:
            OSError: the disk is full, or may not be written.
        """
        arrays = {"index": graph.index.astype(np.int32), "distance": graph.distance}
        self._write(self._graph_path(graph.codes, graph.metric), arrays, {"codes": graph.codes, "metric": graph.metric})

    def _path(self, request: str) -> Path:
        return self.root / f"map-{hashlib.blake2b(request.encode(), digest_size=16).hexdigest()}.safetensors"

    def _graph_path(self, codes: str, metric: str) -> Path:
        return self.root / f"graph-{codes}-{metric}.safetensors"

    def _write(self, path: Path, arrays: Mapping[str, Any], about: dict[str, str]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        write(path, safetensors.torch.save(tensors, about))
        self._evict()

    def _evict(self) -> None:
        """Remove what is beyond the limits; another process may be doing the same."""
        files = []
        for path in self.root.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if _OWN.fullmatch(path.name):
                    known = path.stat()
                    files.append((known.st_mtime_ns, known.st_size, path))
        total = 0
        for count, (_, size, path) in enumerate(sorted(files, reverse=True), 1):
            total += size
            if total > self.max_bytes or count > self.max_files:
                path.unlink(missing_ok=True)


def project_or_find(
    cache: LayoutCache,
    z: ArrayLike,
    method: str,
    seed: int = 0,
    n_components: int = 2,
    progress: Progress | None = None,
    **params: object,
) -> Projection:
    """`project`, but what is cached is not computed again, and what is computed is cached: for the background

    process. The map comes without its graph, which stays in the cache: the next map of the codes finds it there. A
    disk that can't be written costs the time of the next one, not the map.

    Raises:
        ValueError: as `project`.
    """
    codes = as_codes(z)
    known = cache.find(codes, method, seed, n_components, **params)
    if known is not None:
        return known
    graph = None
    knobs = from_dict(METHODS[method], params)
    if isinstance(knobs, UmapKnobs):
        k = min(knobs.n_neighbors, len(codes) - 1) - 1
        graph = cache.find_graph(digest(codes), knobs.metric, k)
    found = project(codes, method, seed, n_components, graph, progress, **params)
    if method in LIBRARIES:
        with contextlib.suppress(OSError):
            if found.graph is not None and found.graph is not graph:
                cache.save_graph(found.graph)
            cache.save(codes, found, **params)
    return dataclasses.replace(found, graph=None)


def _request(codes: Floats, method: str, seed: int, n_components: int, params: Mapping[str, object]) -> str:
    """All that decides a map, as JSON."""
    if method not in METHODS:
        raise ValueError(f"Unknown method {method!r}; known are {', '.join(METHODS)}.")
    decides = {
        "format": FORMAT,
        "codes": digest(codes),
        "method": method,
        "params": asdict(from_dict(METHODS[method], params)),
        "seed": seed,
        "n_components": n_components,
        "versions": {name: metadata.version(name) for name in LIBRARIES.get(method, ())},
    }
    return json.dumps(decides, sort_keys=True)


def _are_neighbours(index: torch.Tensor, distance: torch.Tensor) -> bool:
    """Whether each row can be the nearest others of one of as many codes, nearest first."""
    n, k = index.shape
    if (
        not 0 < k < n
        or int(index.min()) < 0
        or int(index.max()) >= n
        or bool((index == torch.arange(n)[:, None]).any())
    ):
        return False
    ordered = bool((distance.diff(dim=1) >= 0).all())
    return ordered and bool(distance.isfinite().all()) and float(distance.min()) >= 0


def _touch(path: Path) -> None:
    """Note the use of a file, if it may be written."""
    with contextlib.suppress(OSError):
        os.utime(path)
