"""A decoder of style and class told as plain steps computes what the model does, or is refused with a reason."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.class_program import unroll_as
from latentlab.analysis.program import ProgramError
from latentlab.models import CVAE, Auxiliary, Conditional, Spec
from latentlab.nn import BatchNorm, initialise
from latentlab.runs import Run
from latentlab.store import SHIPPED, Store

K, D = 4, 3


def model(**knobs: bool | str) -> CVAE:
    built = CVAE(CVAE.Config(z_dim=D, hidden=24, **knobs), Spec((1, 5, 6), K))  # type: ignore[arg-type]
    initialise(built, device.generator(0))
    for norm in built.modules():
        if isinstance(norm, BatchNorm):
            norm.mean.uniform_(-1, 1, generator=device.generator(1))
            norm.variance.uniform_(0.5, 2, generator=device.generator(2))
            nn.init.uniform_(norm.scale, 0.5, 2, generator=device.generator(3))
            nn.init.uniform_(norm.shift, -1, 1, generator=device.generator(4))
    return built.eval()


@pytest.mark.parametrize("batch_norm", [False, True])
def test_it_computes_what_the_model_does_in_every_class(batch_norm: bool) -> None:
    built = model(batch_norm=batch_norm)
    program = unroll_as(built.decode, built, D, K)
    assert (program.z_dim, program.shape) == (D + K, (1, 5, 6))
    z, y = torch.randn(40, D, generator=device.generator(5)), torch.arange(40) % K
    with torch.no_grad():
        expected = built.decode(z, y)
    torch.testing.assert_close(program.run(torch.cat([z, F.one_hot(y, K).float()], 1)), expected, atol=4e-3, rtol=0)
    assert expected[0].ne(built.decode(z[:1], torch.tensor([1]))[0]).any()


WITHOUT_A = [run for run in Store(SHIPPED).runs(Conditional) if not issubclass(run.kind, Auxiliary)]  # one network each


@pytest.mark.parametrize("run", WITHOUT_A, ids=lambda run: str(run.id))
def test_every_shipped_decoder_is_told_exactly(run: Run) -> None:
    built = Store(SHIPPED).load(run.id)
    assert isinstance(built, Conditional)
    k, d = len(run.classes), built.z_dim
    program = unroll_as(built.decode, built, d, k)
    z, y = torch.randn(200, d, generator=device.generator(3)), torch.arange(200) % k
    with torch.no_grad():
        expected = built.decode(z, y)
    torch.testing.assert_close(program.run(torch.cat([z, F.one_hot(y, k).float()], 1)), expected, atol=8e-3, rtol=0)


def test_what_is_more_than_one_network_is_refused() -> None:
    built = model()

    def twice(z: Tensor, y: Tensor) -> Tensor:
        return (built.decode(z, y) + built.decode(-z, y)) / 2

    with pytest.raises(ProgramError, match="more than one network"):
        unroll_as(twice, built, D, K)
    with pytest.raises(ProgramError, match="does more than its network"):
        unroll_as(lambda z, y: built.decode(z, y) ** 2, built, D, K)
    with pytest.raises(ProgramError, match="more than one network"):
        unroll_as(lambda z, y: z @ torch.ones(D, 30) + y[:, None], built, D, K)
