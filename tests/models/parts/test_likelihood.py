"""The likelihood that suits data, by what their values are, and that of a VAE of real numbers against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from latentlab import device
from latentlab.data import Dataset, Kind, load
from latentlab.jobs import queue
from latentlab.models import MODELS, Spec, build, suited
from latentlab.models.parts.likelihood import suited_to
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.runs.store import Store

RNG = np.random.default_rng(0)


def dataset(x: np.ndarray, kind: Kind) -> Dataset:
    return Dataset("some", torch.from_numpy(x), torch.zeros(len(x)).long(), ("all",), kind)


@pytest.mark.parametrize(
    ("x", "kind", "likelihood"),
    [
        (RNG.integers(0, 2, (20, 1, 4, 4)).astype(np.uint8) * 255, Kind.IMAGE, "bernoulli"),
        (RNG.integers(0, 256, (20, 1, 4, 4)).astype(np.uint8), Kind.IMAGE, "gaussian"),
        (RNG.integers(0, 256, (20, 3, 4, 4)).astype(np.uint8), Kind.IMAGE, "gaussian"),
        (RNG.random((20, 5)).astype(np.float32), Kind.VECTOR, "gaussian"),
        (RNG.normal(size=(20, 5)).astype(np.float32), Kind.VECTOR, "real-gaussian"),
        (RNG.random((20, 2)).astype(np.float32), Kind.PLANE, "real-gaussian"),
        (np.empty((0, 5), np.float32), Kind.VECTOR, "real-gaussian"),
    ],
)
def test_the_values_decide_the_likelihood(x: np.ndarray, kind: Kind, likelihood: str) -> None:
    assert suited_to(dataset(x, kind))["likelihood"] == likelihood


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("data", ["digits", "moons"])
def test_what_suits_the_data_can_be_built(name: str, data: str) -> None:
    test = load(data).test
    chosen = suited(name, test)
    assert bool(chosen) == hasattr(MODELS[name].Config(), "std")  # of a likelihood that is a choice between densities
    if chosen and test.kind in MODELS[name].kinds:
        build(name, MODELS[name].Config(**chosen), test.spec)


@pytest.mark.parametrize(("shape", "chosen"), [((3, 32, 40), True), ((1, 32, 32), False), ((3, 16, 32), False)])
def test_coloured_images_get_a_convolutional_network_and_more_dimensions(shape: tuple[int, ...], chosen: bool) -> None:
    images = dataset(RNG.integers(0, 256, (20, *shape)).astype(np.uint8), Kind.IMAGE)
    found = suited("vae", images)
    assert (found.get("network") == "conv", found.get("z_dim", 2) != 2) == (chosen, chosen)
    build("vae", MODELS["vae"].Config(**found), images.spec)
    assert suited("ae", images) == {name: found[name] for name in ("network", "z_dim") if chosen}
    given = suited("vae", images, ["z_dim", "std"])
    assert given == ({"network": "conv"} if chosen else {})


def test_what_is_not_given_suits_the_data_and_what_is_given_stays(store: Store) -> None:
    config = queue.read(store, queue.submit(store, "vae", "moons", {"z_dim": 3}, {})).config
    assert config == {"z_dim": 3, "likelihood": "real-gaussian"}
    given = {"likelihood": "bernoulli"}
    assert queue.read(store, queue.submit(store, "vae", "digits", given, {})).config["likelihood"] == "bernoulli"


def test_a_vae_of_real_numbers_has_a_normal_density_for_each() -> None:
    spec = Spec((5,), 1, Kind.VECTOR)
    model = VAE(VAE.Config(z_dim=2, hidden=8, likelihood="real-gaussian"), spec).double().eval()
    initialise(model, device.generator(0))
    x, z = torch.randn(7, 5, dtype=torch.float64), torch.randn(3, 7, 2, dtype=torch.float64)
    mean, log_std = model.decoder(z.flatten(0, 1)).float().unflatten(0, (3, 7)).chunk(2, -1)
    expected = Normal(mean, log_std.exp()).log_prob(x).sum(-1)
    torch.testing.assert_close(model.log_likelihood(x, z).float(), expected.float(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model.decode(z[0]).float(), mean[0])
