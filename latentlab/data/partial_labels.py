"""Labels hidden on purpose, for models that learn from few: which examples keep theirs, and batches of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data.dataset import UNLABELLED, Batch, DataError, Dataset, LabelUse, Sampler, batches

CENTRES = 10  # for each label that is kept, when they are diverse: a centre averages noise out, an example doesn't
MOST_CLUSTERED = 1_000  # examples of a class

Indices = NDArray[np.int64]


def for_training(data: Dataset, use: LabelUse, n: int, seed: int, diverse: bool = False) -> tuple[Dataset, Sampler]:
    """What a model is trained on, with labels hidden if requested, and how its batches are drawn.

    Args:
        data: the training split.
        use: what the model does with labels; where it needs them it sees the labelled examples only, where they are
            optional and some are hidden it sees both kinds in each batch.
        n: labels to keep; 0: all there are.
        seed: decides which ones.
        diverse: keep diverse labels, as `hide_labels`.

    Raises:
        DataError: the labels aren't what the model needs, or are to be hidden from one that doesn't use them.
    """
    if use is LabelUse.UNUSED:
        if n:
            raise DataError("This model doesn't use labels, so none can be hidden; set labels to 0.")
        return data, batches
    if n:
        data = hide_labels(data, n, seed, diverse)
    if use is LabelUse.NEEDED:
        check_labels(data, every_class=False)
        return labelled_part(data), batches
    check_labels(data)
    return data, mixed_batches if bool((data.y == UNLABELLED).any()) else batches


def check_labels(data: Dataset, every_class: bool = True) -> None:
    """Refuse labels that a model of classes can't learn from.

    Args:
        data: examples.
        every_class: whether a class without an example is refused too: a classifier needs an example of each.

    Raises:
        DataError: a label that isn't the index of a class, fewer than two classes, or a class without an example.
    """
    k = len(data.classes)
    if k < 2:
        raise DataError(f"{data.name} has {k or 'no'} class{'es' * (k != 1)}; learning classes takes at least two.")
    present = data.y.unique().tolist()
    if wrong := [y for y in present if not UNLABELLED <= y < k]:
        raise DataError(
            f"{data.name} has the label {wrong[0]}; labels must be 0 to {k - 1}, or {UNLABELLED} where there is none."
        )
    missing = [name for y, name in enumerate(data.classes) if y not in present]
    if every_class and missing:
        raise DataError(
            f"{data.name} has no labelled example of the class {missing[0]}; each class needs at least one."
        )


def hide_labels(data: Dataset, n: int, seed: int, diverse: bool = False) -> Dataset:
    """Hide all labels but `n`, equally many of each class (give or take one, where the classes don't divide n).

    Args:
        data: examples, some of which may have no label already.
        n: labels to keep.
        seed: decides which ones.
        diverse: diverse labels, of examples that are typical and far from each other, so that few labels cover the
            whole class: of `CENTRES` n k-means centres the one farthest from the class's mean, then always the one
                farthest from those
            taken before (farthest-first traversal; Gonzalez 1985), and the example nearest to each.

    Raises:
        DataError: as `check_labels`; fewer labels than classes, or more than there are.
    """
    check_labels(data)
    k, y, rng = len(data.classes), data.y.cpu().numpy(), np.random.default_rng(seed)
    if n < k:
        raise DataError(f"{n} label{'s' * (n != 1)} can't cover the {k} classes of {data.name}; keep at least {k}.")
    quota = np.full(k, n // k)
    quota[rng.permutation(k)[: n % k]] += 1
    kept: list[Indices] = []
    for label, wanted in enumerate(quota):
        found = np.flatnonzero(y == label)
        if wanted > len(found):
            raise DataError(
                f"{wanted} labels of the class {data.classes[label]} are requested, but {data.name} has {len(found)}."
            )
        kept.append(_far_apart(data, found, wanted, rng) if diverse else rng.choice(found, wanted, replace=False))
    hidden = np.full_like(y, UNLABELLED)
    index = np.concatenate(kept)
    hidden[index] = y[index]
    return replace(data, y=torch.from_numpy(hidden).to(data.y.device))


def _far_apart(data: Dataset, members: Indices, n: int, rng: np.random.Generator) -> Indices:
    """Of the examples `members` of a class n diverse ones: typical and far from each other."""
    from sklearn.cluster import KMeans  # imported here: a second of start-up

    some = rng.permutation(members)[:MOST_CLUSTERED]
    x = data[torch.from_numpy(some)].batch().x.flatten(1).cpu().numpy()
    n_clusters = min(CENTRES * n, len(np.unique(x, axis=0)))
    clusters = KMeans(n_clusters, n_init=1, random_state=int(rng.integers(2**31))).fit(x)
    centres = clusters.cluster_centers_
    distance, taken = np.square(centres - x.mean(0)).sum(1), list[int]()
    for _ in range(n):
        centre = centres[distance.argmax()]
        own = np.square(x - centre).sum(1)
        own[taken] = np.inf  # a tie mustn't take an example twice
        taken.append(int(own.argmin()))
        apart = np.square(centres - centre).sum(1)
        distance = apart if len(taken) == 1 else np.minimum(distance, apart)
    return some[taken]


def labelled_part(data: Dataset) -> Dataset:
    """The examples that have a label."""
    return data[torch.nonzero(data.y != UNLABELLED)[:, 0]]


def mixed_batches(data: Dataset, size: int, rng: torch.Generator) -> Iterator[Batch]:
    """One epoch of partly labelled data: each batch has `size` examples without and as many with their label.

    The first half passes over all examples once, with no label; the second half goes round the labelled ones.
    """
    n, where = len(data), data.x.device
    labelled = torch.nonzero(data.y != UNLABELLED)[:, 0].cpu()
    rounds = -(-n // len(labelled))
    again = torch.cat([labelled[torch.randperm(len(labelled), generator=rng)] for _ in range(rounds)]).to(where)
    order = torch.randperm(n, generator=rng).to(where)
    for without, with_label in zip(order.split(size), again[:n].split(size), strict=True):
        x, y, weight, _ = data.batch(torch.cat([without, with_label]))
        y[: len(without)] = UNLABELLED
        yield Batch(x, y, weight)
