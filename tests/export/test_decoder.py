"""A decoder told as plain steps computes what the decoder does, or is refused with a reason."""

import json
import threading

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.data import Kind
from latentlab.export import decoder as programs
from latentlab.export.decoder import ProgramError, unroll
from latentlab.export.program import Program
from latentlab.models import MODELS, AutoregressiveGivenCode, Decodes
from latentlab.nn.batch_norm import BatchNorm, ChannelNorm
from latentlab.nn.initialise import initialise
from latentlab.runs.store import SHIPPED, Store
from tests.conftest import naming

Z = 3
ACTIVATIONS = (
    nn.ReLU(), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.GELU(), nn.SiLU(), nn.Tanh(), nn.Sigmoid(), nn.Softplus(),
)  # fmt: skip


def told(network: nn.Module, end: nn.Module | None = None) -> tuple[Program, Tensor, Tensor]:
    """A network's program, codes, and what the network makes of them."""
    whole = nn.Sequential(network, end) if end is not None else network
    initialise(whole, device.generator(0))
    whole.eval()
    center, scale = np.array([0.5, -1, 0], np.float32), np.array([1, 2, 0.25], np.float32)
    program = unroll(whole, whole, Z, center, scale)
    codes = torch.randn(50, Z, generator=device.generator(7))
    with torch.no_grad():
        return program, codes, whole(torch.from_numpy(center) + torch.from_numpy(scale) * codes)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda module: type(module).__name__)
def test_every_activation(activation: nn.Module) -> None:
    program, codes, expected = told(nn.Sequential(nn.Linear(Z, 16), activation, nn.Linear(16, 6), nn.Sigmoid()))
    torch.testing.assert_close(program.run(codes), expected, atol=2e-3, rtol=0)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 5, 3, padding=1),
        nn.Conv2d(4, 5, (3, 2), stride=(2, 1), padding=(0, 1)),
        nn.Conv2d(4, 5, 1, bias=False),
        nn.ConvTranspose2d(4, 5, 4, stride=2, padding=1),
        nn.ConvTranspose2d(4, 5, 3, stride=2, padding=1, output_padding=1),
        nn.ConvTranspose2d(4, 5, (2, 3), stride=(1, 2), bias=False),
    ],
    ids=str,
)
def test_convolutions_of_every_kind(layer: nn.Module) -> None:
    front = nn.Sequential(nn.Linear(Z, 4 * 6 * 5), nn.ReLU(), nn.Unflatten(1, (4, 6, 5)))
    program, codes, expected = told(nn.Sequential(front, layer, nn.Sigmoid()))
    assert program.shape == tuple(expected.shape[1:])
    torch.testing.assert_close(program.run(codes), expected, atol=2e-3, rtol=0)


def test_normalisation_becomes_a_scale_and_a_shift() -> None:
    norms = nn.BatchNorm1d(8), nn.BatchNorm2d(2)
    for norm in norms:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.uniform_(-1, 1, generator=device.generator(1))
        norm.running_var.uniform_(0.5, 2, generator=device.generator(2))
        nn.init.uniform_(norm.weight, 0.5, 2, generator=device.generator(3))
    network = nn.Sequential(nn.Linear(Z, 8), norms[0], nn.Unflatten(1, (2, 2, 2)), norms[1], nn.Dropout(), nn.Tanh())
    program, codes, expected = told(network)
    torch.testing.assert_close(program.run(codes), expected, atol=4e-3, rtol=0)


UNROLLED = [  # those that also read an image have steps between their layers, and are run on the server
    run.id
    for run in Store(SHIPPED).runs(Decodes)
    if run.data_kind is Kind.IMAGE and not issubclass(MODELS[run.model], AutoregressiveGivenCode)
]


@pytest.mark.parametrize("run_id", UNROLLED)
def test_every_shipped_decoder_is_told_exactly(run_id: str) -> None:
    model = Store.default().load(run_id)
    assert isinstance(model, Decodes)
    d = model.z_dim
    program = unroll(model.decode, model, d, np.zeros(d, np.float32), np.ones(d, np.float32))
    codes = torch.randn(200, d, generator=device.generator(3))
    is_rounded = any(isinstance(layer, BatchNorm) for layer in model.modules())  # its scale is no half-precision number
    atol = 0.5 / 255 if is_rounded else 1e-5  # half a gray level
    torch.testing.assert_close(program.run(codes), model.decode(codes), atol=atol, rtol=0)


def test_our_own_normalisation_becomes_a_scale_and_a_shift() -> None:
    norms, rng = (BatchNorm(8), ChannelNorm(2)), device.generator(4)
    with torch.no_grad():
        for norm in norms:
            for tensor, low, high in (
                (norm.mean, -1, 1),
                (norm.variance, 0.5, 2),
                (norm.scale, 0.5, 2),
                (norm.shift, -1, 1),
            ):
                tensor.uniform_(low, high, generator=rng)
    network = nn.Sequential(nn.Linear(Z, 8), norms[0], nn.Unflatten(1, (2, 2, 2)), norms[1], nn.Tanh())
    program, codes, expected = told(network)
    torch.testing.assert_close(program.run(codes), expected, atol=4e-3, rtol=0)


def test_what_is_cut_off_is_cut_off_there_too() -> None:
    network = nn.Linear(Z, 6)
    ends = np.zeros(Z, np.float32), 5 * np.ones(Z, np.float32)
    program = unroll(lambda z: network(z).clamp(0, 1), network, Z, *ends)
    codes = torch.randn(50, Z, generator=device.generator(1))
    drawn = program.run(codes)
    assert {0.0, 1.0} <= set(drawn.flatten().tolist())
    torch.testing.assert_close(drawn, network(5 * codes).clamp(0, 1), atol=2e-2, rtol=0)


def test_another_threads_use_of_the_model_is_not_recorded() -> None:
    network = nn.Sequential(nn.Linear(Z, 4), nn.ReLU(), nn.Linear(4, 2))
    first = unroll(network, network, Z, np.zeros(Z, np.float32), np.ones(Z, np.float32))
    stop = threading.Event()

    def use() -> None:
        while not stop.is_set():
            network(torch.zeros(1, Z))

    other = threading.Thread(target=use)
    other.start()
    try:
        for _ in range(20):
            again = unroll(network, network, Z, np.zeros(Z, np.float32), np.ones(Z, np.float32))
            assert again.id == first.id
    finally:
        stop.set()
        other.join()


def test_the_bytes_hold_every_number() -> None:
    program, _, _ = told(nn.Sequential(nn.Linear(Z, 4), nn.ReLU(), nn.Linear(4, 2)))
    content = program.to_bytes()
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    assert length % 2 == 0
    assert header["id"] == program.id
    numbers = np.frombuffer(content[4 + length :], "<f2")
    assert len(numbers) == 3 + 3 + 3 * 4 + 4 + 4 * 2 + 2
    for step, written in zip(program.steps, header["steps"], strict=True):
        for array, (start, count) in zip(step.arrays, written["arrays"], strict=True):
            np.testing.assert_array_equal(numbers[start : start + count], array)


def test_the_id_is_that_of_the_weights() -> None:
    def network() -> nn.Sequential:
        return nn.Sequential(nn.Linear(Z, 4), nn.ReLU(), nn.Linear(4, 2))

    one, same, other = network(), network(), network()
    ids = []
    for module, seed in ((one, 0), (same, 0), (other, 1)):
        initialise(module, device.generator(seed))
        ids.append(unroll(module.eval(), module, Z, np.zeros(Z, np.float32), np.ones(Z, np.float32)).id)
    assert ids[0] == ids[1] != ids[2]


class Skips(nn.Module):
    """Does something between its layers that hooks can't see."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(Z, 4), nn.Linear(4, 4)

    def forward(self, z: Tensor) -> Tensor:
        h = self.first(z)
        out: Tensor = self.second(h + 1)
        return out


class Squares(nn.Sequential):
    """Does more than its layers say, at the end."""

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self[0](z)
        return out.square()


class Halves(nn.Sequential):
    """Keeps half of what its layers give, as a mean without its deviation."""

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self[0](z)
        return out.chunk(2, 1)[0]


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Skips(), "Linear"),
        (Squares(nn.Linear(Z, 4)), "layers"),
        (Halves(nn.Linear(Z, 4)), "layers"),
        (nn.Sequential(nn.Linear(Z, 4), nn.Softmax(1)), "Softmax"),
        (nn.Sequential(nn.Linear(Z, 8), nn.Unflatten(1, (2, 2, 2)), nn.Conv2d(2, 2, 1, groups=2)), "grouped"),
        (nn.Sequential(nn.Linear(Z, 4), nn.GELU("tanh")), "GELU"),
        (nn.Identity(), "layers"),
    ],
)
def test_what_cannot_be_told_is_refused(network: nn.Module, reason: str) -> None:
    scale = np.full(Z, 2, np.float32)
    if isinstance(network, nn.Identity):
        decode, seen = torch.sin, network
        with pytest.raises(ProgramError, match=reason):
            unroll(decode, seen, Z, np.zeros(Z, np.float32), scale)
        return
    with pytest.raises(ProgramError, match=reason):
        unroll(network.eval(), network, Z, np.zeros(Z, np.float32), scale)


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Linear(Z, 100)
    monkeypatch.setattr(programs, "MAX_NUMBERS", 399)
    with pytest.raises(ProgramError, match=naming(406, 399)):
        unroll(network, network, Z, np.zeros(Z, np.float32), np.ones(Z, np.float32))
    monkeypatch.setattr(programs, "MAX_NUMBERS", 1_000)
    monkeypatch.setattr(programs, "MAX_PRODUCTS", 299)
    with pytest.raises(ProgramError, match=naming(300, 299)):
        unroll(network, network, Z, np.zeros(Z, np.float32), np.ones(Z, np.float32))


def test_numbers_beyond_half_precision_are_refused() -> None:
    network = nn.Linear(Z, 2)
    nn.init.constant_(network.weight, 1e6)
    with pytest.raises(ProgramError, match="half"):
        unroll(network, network, Z, np.zeros(Z, np.float32), np.ones(Z, np.float32))
