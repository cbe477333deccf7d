"""How good are the analogies of conditional runs: what the classifier predicts, whether rows keep their style, what is
used.

    python -m benchmarks.analogies                     # every run that is class-conditional
    python -m benchmarks.analogies mnist-cvae          # or some

Styles are those of the test examples that are saved with a run, or draws from the prior; each in every class.
"""

from __future__ import annotations

import sys

import torch

from latentlab import device
from latentlab.analysis.conditional.agreement import classifier_agreement
from latentlab.analysis.conditional.analogies import in_every_class, usage_of
from latentlab.analysis.conditional.style import style_consistency
from latentlab.data import UNLABELLED
from latentlab.models import Classifies, Conditional, Decodes
from latentlab.runs.run import Run
from latentlab.runs.store import Store

STYLES = 500
HEAD = (
    "run",
    "seed",
    "styles",
    "n",
    "classifier reads as meant",
    "of real",
    "style kept",
    "shuffled",
    "z",
    "y",
    "only both",
)


def rows(store: Store, run: Run) -> list[tuple[str, ...]]:
    """A line for styles of test examples, and one for draws from the prior."""
    model, tested = store.load(run.id), store.examples(run.id)
    known = [r for r in store.runs(Classifies) if r.dataset == run.dataset and r.shape == run.shape]
    classifiers = [
        r for r in known if not issubclass(r.kind, Conditional | Decodes)
    ]  # a generating model doesn't classify its own images
    if not classifiers or not isinstance(model, Conditional):
        return []
    reader = store.load(min(classifiers, key=lambda r: r.metrics.get("error", 1.0)).id)
    assert isinstance(reader, Classifies)
    x, y, *_ = tested[torch.nonzero(tested.y != UNLABELLED)[:, 0]].batch()
    k = len(run.classes)
    lines: list[tuple[str, ...]] = []
    with torch.no_grad():
        prior = torch.randn(STYLES, model.z_dim, generator=device.generator(0))
        for name, z in (("test", model.encode(x, y)[:STYLES]), ("prior", prior)):
            cells, n = in_every_class(model.decode, z, k), len(z)
            requested, group = torch.arange(k).repeat(n), torch.arange(n).repeat_interleave(k).numpy()
            said = classifier_agreement(
                reader.classify, torch.from_numpy(cells).flatten(0, 1), requested, (x, y), group
            )
            kept, used = style_consistency(cells).overall, usage_of(cells)
            assert said.control is not None
            lines.append((
                run.title, str(run.train.get("seed", 0)), name, str(n),
                f"{said.accuracy.value:.2%} ({said.accuracy.low:.2%} to {said.accuracy.high:.2%})",
                f"{said.control.value:.2%}", f"{kept.value:.3f}", f"{kept.null:+.3f} ± {kept.null_std:.3f}",
                f"{used.z:.2f}", f"{used.y:.2f}", f"{used.both:.2f}",
            ))  # fmt: skip
    return lines


def main(names: list[str]) -> None:
    """Print the table."""
    device.limit_threads()
    store = Store.default()
    runs = [run for run in store.runs(Conditional) if len(run.shape) == 3 and (not names or run.id in names)]
    table = [HEAD, *(line for run in runs for line in rows(store, run))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main(sys.argv[1:])
