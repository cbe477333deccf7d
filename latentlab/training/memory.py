"""The memory that a training takes, estimated before it starts: one that can't fit is refused in a sentence."""

from __future__ import annotations

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from latentlab import device
from latentlab.data import Batch, Dataset
from latentlab.models import Trains
from latentlab.training import optimizers
from latentlab.training.batches import batches_for
from latentlab.training.config import TrainConfig, TrainingError

COPIES = 2  # of each parameter: itself, and its gradient
EXAMPLES = (4, 8)  # in the batches from which a larger one is estimated
GIB = 1 << 30


def parameter_bytes(model: nn.Module, config: TrainConfig) -> int:
    """What the parameters of a model take while it is trained by gradients, the best so far, and a worker's copy."""
    size = sum(int(value.nbytes) for value in model.state_dict().values())
    return size * (COPIES + optimizers.COPIES[config.optimizer] + bool(config.patience) + bool(config.importance))


def batch_bytes(model: Trains, data: Dataset, config: TrainConfig) -> int:
    """What a step saves of its batch for the gradient, extrapolated from two small batches; the model stays the same.

    Args:
        model: on its device, with parameters.
        data: the training split.
        config: the knobs.

    Raises:
        DataError: the labels aren't what the model needs.
    """
    data, sampler = batches_for(model, data, config)
    size = min(config.in_a_step(len(data)), len(data))
    if not size:
        return 0
    where = next(model.parameters()).device
    data = data.to(where)
    few, more = (min(n, size) for n in EXAMPLES)
    model.eval()
    least, most = (
        _saved_bytes(model, next(iter(sampler(data, n, device.generator(config.seed))))) for n in (few, more)
    )
    model.train()
    return least + (size - few) * (most - least) // max(1, more - few)


def check_memory(n_bytes: int, limit: int | None) -> None:
    """Refuse a training that takes more bytes than there are; where it isn't known how many there are, none.

    Raises:
        TrainingError: it takes more.
    """
    if limit is not None and n_bytes > limit:
        raise TrainingError(
            f"To train it takes about {n_bytes / GIB:.3g} GiB of memory, and this machine has {limit / GIB:.3g} GiB "
            "for it; choose a smaller network or smaller batches."
        )


def _saved_bytes(model: Trains, batch: Batch) -> int:
    """The bytes of what the losses of a batch save for their gradients, each storage once, without the parameters."""
    parameters = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    sizes: dict[int, int] = {}

    def save(saved: Tensor) -> Tensor:
        storage = saved.untyped_storage()
        if storage.data_ptr() not in parameters:
            sizes[storage.data_ptr()] = storage.nbytes()
        return saved

    with saved_tensors_hooks(save, lambda saved: saved):
        losses = list(model.losses(batch, device.generator(0, batch.x.device)))
    assert losses  # alive until here, so that no storage is freed and counted as another
    return sum(sizes.values())
