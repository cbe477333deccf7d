"""What each layer of a hierarchy decides: what stays when all below it is drawn again.

Of an example one layer is held at the mean of its posterior, and the layers below are drawn from the generative model,
p(z(k-1)|zk) … p(x|z1). What is the same in all draws was decided by the layer or above it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.arrays import Floats, floats


@dataclass(frozen=True)
class Resampled:
    """Examples of which one layer is held and those below are drawn.

    Attributes:
        layer: what is held.
        examples: (n, B, *shape); n draws for each of B examples.
        std: (B,) the standard deviation of a value over the draws, as a root mean square over the values.
    """

    layer: str
    examples: Floats
    std: Floats


@torch.no_grad()
def resample(layer: str, z: Tensor, generate: Callable[[Tensor], Tensor], n: int) -> Resampled:
    """Draw what is below a layer n times for each of B examples.

    Args:
        layer: its name.
        z: (B, dim) what it is held at.
        generate: (n · B, dim) -> (n · B, *shape), with what is below drawn anew for each row.
        n: draws, at least 2.
    """
    examples = generate(z.repeat(n, 1))
    examples = examples.reshape(n, len(z), *examples.shape[1:])
    std = examples.var(0).flatten(1).mean(1).sqrt()
    return Resampled(layer, floats(examples), floats(std))
