"""One latent variable as a code: what it gives is what the model's own networks and formulas give."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from latentlab import device
from latentlab.data import Kind
from latentlab.distributions import Gaussian
from latentlab.models import MODELS, Held, OneLayer, Spec, between, movable, one_latent
from latentlab.nn.initialise import initialise
from tests.conftest import naming

SHAPE, K, Y, SEED = (1, 4, 4), 3, 2, 5
X = torch.rand(6, *SHAPE, generator=device.generator(0))


def model_of(name: str, **config: Any) -> Any:
    """A small model in eval mode, with parameters from seed 0."""
    kind: Any = MODELS[name]
    model = kind(kind.Config(**({"z_dim": 2, "hidden": 16} | config)), Spec(SHAPE, K, Kind.IMAGE))
    initialise(model, device.generator(0))
    return model.eval().requires_grad_(False)


def class_of(n: int) -> torch.Tensor:
    """(n, K): the held class."""
    return torch.eye(K)[[Y] * n]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vae", ()), ("avae", ()), ("cvae", ()), ("m2", ("z",)), ("adgm", ("z",)),
        ("sdgm", ("z", "a")), ("m1_m2", ("z", "z1")), ("lvae", ("z1", "z2")),
    ],
)  # fmt: skip
def test_what_x_depends_on_can_be_moved(name: str, expected: tuple[str, ...]) -> None:
    assert movable(model_of(name)) == expected


def test_the_auxiliary_variable_moves_in_units_of_its_conditional() -> None:
    model, s, z = model_of("sdgm", a_dim=4), torch.randn(6, 4, generator=device.generator(1)), (0.4, -1.1)
    above = torch.tensor([z] * 6)
    p = Gaussian.of(model.p_a(above, class_of(6)))  # p(a|z, y)
    moved = one_latent(model, "a", Held(Y, z))
    expected = model.mean(model.p_x(above, class_of(6), p.mean + p.log_std.exp() * s))  # of p(x|a, y, z)
    assert torch.allclose(moved.decode(s), expected, atol=1e-6)
    assert torch.allclose(moved.decode(torch.zeros(1, 4)), model.decode(above[:1], torch.tensor([Y])), atol=1e-6)
    q = Gaussian.of(model.q_a(X.flatten(1)))  # q(a|x)
    assert torch.allclose(p.mean + p.log_std.exp() * moved.encode(X), q.mean, atol=1e-5)
    assert torch.allclose(moved.posterior(X).log_std + p.log_std, q.log_std, atol=1e-5)


def test_the_lower_code_alone_gives_x() -> None:
    model, s = model_of("m1_m2", z1_dim=4), torch.randn(6, 4, generator=device.generator(1))
    p = Gaussian.of(model.p_z1(torch.zeros(6, 2), class_of(6)))  # p(z1|y, z) at z = 0
    expected = model.mean(model.p_x(p.mean + p.log_std.exp() * s))  # of p(x|z1)
    assert torch.allclose(one_latent(model, "z1", Held(Y)).decode(s), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["sdgm", "m1_m2"])
def test_what_lies_between_is_its_mean_or_a_draw_of_the_model(name: str) -> None:
    model, z = model_of(name), torch.randn(5, 2, generator=device.generator(1))
    y = torch.full((5,), Y)
    assert between(model, "z") == model.between
    assert torch.equal(one_latent(model, "z", Held(Y)).decode(z), model.decode(z, y))
    drawn = one_latent(model, "z", Held(Y, draw=SEED)).decode(z)
    each = [model.sample_given(z[[k]], y[:1], device.generator(SEED)) for k in range(5)]  # the same noise everywhere
    assert torch.allclose(drawn, torch.cat(each), atol=1e-6)
    assert not torch.allclose(drawn, model.decode(z, y), atol=1e-3)


def test_draws_have_the_moments_of_the_conditional() -> None:
    model, z, y = model_of("m1_m2", z1_dim=3, likelihood="gaussian"), torch.tensor([[0.3, -0.7]]), torch.tensor([Y])
    seen: list[torch.Tensor] = []
    model.p_x.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for draw in range(1, 801):
        one_latent(model, "z", Held(Y, draw=draw)).decode(z)
    z1, p = torch.cat(seen), model.p_between(z, y)
    error = p.log_std.exp() / 800**0.5
    assert ((z1.mean(0) - p.mean).abs() < 4 * error).all()
    assert ((z1.std(0) / p.log_std.exp() - 1).abs() < 4 / 1600**0.5).all()


def test_a_layer_of_a_hierarchy_gives_the_mean_or_a_draw_of_the_one_below() -> None:
    model, z = model_of("lvae", z2_dim=3), torch.randn(4, 3, generator=device.generator(1))
    assert (between(model, "z1"), between(model, "z2")) == (None, "z1")
    assert between(model_of("lvae", z3_dim=2), "z3") == "z2, z1"
    assert torch.equal(one_latent(model, "z2", Held()).decode(z), model.generate("z2", z))
    drawn = one_latent(model, "z2", Held(draw=SEED)).decode(z)
    assert torch.equal(drawn[2:3], model.generate("z2", z[2:3], device.generator(SEED)))
    assert torch.equal(one_latent(model, "z2", Held()).encode(X), model.infer(X)["z2"].mean)


def test_a_layer_of_a_hierarchy_carries_what_the_hierarchy_says() -> None:
    model = model_of("lvae", z2_dim=3)
    layer = one_latent(model, "z1", Held())
    assert isinstance(layer, OneLayer)
    assert torch.equal(layer.unit_kl(X, device.generator(SEED)), model.unit_kl(X, device.generator(SEED))["z1"])


def test_what_x_does_not_depend_on_is_rejected() -> None:
    with pytest.raises(ValueError, match=naming("a", "adgm")):
        one_latent(model_of("adgm"), "a", Held())
