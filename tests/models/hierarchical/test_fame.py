"""FAME against the enumeration of all images of a few pixels, and its layers against what they are made of."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from latentlab import device
from latentlab.data import Batch, Kind, Spec
from latentlab.models.hierarchical.fame import FAME
from latentlab.models.parts.gaussian_layers import FLOOR
from latentlab.nn.initialise import initialise

DECODERS = ["pixels", "one-pass", "none"]
SMALL: dict[str, Any] = {"z_dim": 3, "z2_dim": 2, "z3_dim": 0, "width": 6, "context": 2, "blocks": 1}


def build(side: int = 3, scale: float = 3.0, shape: tuple[int, ...] = (), **config: Any) -> FAME:
    """Weights three times as large: a mask that is wrong hardly shows where all probabilities are near one half."""
    knobs = SMALL | {"batch_norm": False} | config
    model = FAME(FAME.Config(**knobs), Spec(shape or (1, side, side), 2, Kind.IMAGE))
    initialise(model, device.generator(1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model.double().eval()


def every_image(side: int) -> Tensor:
    """(2^(side²), 1, side, side)."""
    bits = list(itertools.product((0.0, 1.0), repeat=side * side))
    return torch.tensor(bits, dtype=torch.float64).reshape(-1, 1, side, side)


def code(n: int = 1, dim: int = 3, seed: int = 2) -> Tensor:
    return torch.randn(n, dim, generator=device.generator(seed), dtype=torch.float64)


def images(n: int, side: int, seed: int = 0) -> Tensor:
    return (torch.rand(n, 1, side, side, generator=device.generator(seed), dtype=torch.float64) < 0.5).double()


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("z", [code(), None], ids=["code", "no code"])
def test_the_probabilities_of_all_images_given_a_code_add_up_to_one(decoder: str, z: Tensor | None) -> None:
    model, x = build(decoder=decoder), every_image(3)
    given = None if z is None else z.expand(512, 3)
    with torch.no_grad():
        log_p = model.log_conditionals_given(x, given).flatten(1).sum(1)
    assert float(log_p.std()) > 0.1 or (z is None and decoder == "none")  # which tosses coins then
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-9)


def test_a_first_layer_that_sees_its_own_pixel_breaks_the_sum() -> None:
    model = build()
    assert model.pixels is not None
    assert model.pixels.of_image is not None
    model.pixels.of_image.mask[3, 3] = 1
    with torch.no_grad():
        log_p = model.log_conditionals_given(every_image(3), code().expand(512, 3)).flatten(1).sum(1)
    assert abs(log_p.exp().sum().item() - 1) > 1e-3


def moved_by(model: FAME, side: int = 4, n: int = 6) -> tuple[Tensor, Tensor]:
    """The largest derivatives of the logits by the pixels and by the code, over several images and codes."""
    found = []
    for seed in range(n):
        x, z = images(1, side, seed), code(seed=seed)
        of_both = torch.autograd.functional.jacobian(model.logits, (x, z))
        found.append([part.abs().reshape(side**2, -1) for part in of_both])
    of_x, of_z = (torch.stack(parts).amax(0) for parts in zip(*found, strict=True))
    return of_x, of_z


def test_a_pixel_is_moved_by_those_before_it_and_by_all_of_the_code() -> None:
    of_x, of_z = moved_by(build(4))
    assert torch.equal(of_x.triu(), torch.zeros_like(of_x))
    assert bool((of_x.sum(1)[1:] > 0).all())
    assert bool((of_z > 0).all())


def test_the_context_is_not_masked() -> None:
    pixels: Any = build(4).pixels
    x, found = images(1, 4), torch.zeros(16, 16, dtype=torch.float64)
    for seed in range(6):
        c = torch.randn(1, 2, 4, 4, generator=device.generator(seed), dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(lambda c: pixels(x, c), c)
        found += jacobian.abs().reshape(16, 2, 16).sum(1)  # (pixel of x, place of the context)
    assert bool((found > 0).all())  # a kernel of side 7 covers an image of side 4


@pytest.mark.parametrize("decoder", ["one-pass", "none"])
def test_without_concatenation_a_pixel_is_moved_by_no_other(decoder: str) -> None:
    of_x, of_z = moved_by(build(4, decoder=decoder))
    assert torch.equal(of_x, torch.zeros_like(of_x))
    assert bool((of_z > 0).all())


@pytest.mark.parametrize(("side", "blocks"), [(3, 1), (6, 0), (9, 2)])  # and with more rows than a pixel depends on
def test_draws_are_those_of_the_loop_over_the_pixels_with_the_same_noise(side: int, blocks: int) -> None:
    model: Any = build(side, blocks=blocks)
    z, uniform = code(4), torch.rand(4, 1, side, side, generator=device.generator(5), dtype=torch.float64)
    with torch.no_grad():
        drawn = model.pixels.draw(model.p_x(z), uniform)
        x = torch.zeros_like(uniform)
        for i, j in itertools.product(range(side), repeat=2):
            x[:, 0, i, j] = (uniform[:, 0, i, j] < model.logits(x, z).sigmoid()[:, 0, i, j]).double()
    assert torch.equal(drawn, x)
    assert 0.05 < float(x.mean()) < 0.95
    assert not torch.equal(x[0], x[1])


@pytest.mark.parametrize("decoder", DECODERS)
def test_given_one_code_the_levels_are_those_of_all_factors(decoder: str) -> None:
    model, x, z = build(4, decoder=decoder), images(5, 4), code()[0]
    one = model.given_code(z)
    with torch.no_grad():
        log_p, levels = one.log_conditionals(x), one.log_levels(x)
        torch.testing.assert_close(log_p, model.log_conditionals_given(x, z.expand(5, -1)))
    assert one.values.tolist() == [0, 1]
    torch.testing.assert_close(levels.exp().sum(-1), torch.ones_like(x))
    torch.testing.assert_close(levels.gather(-1, x.long()[..., None])[..., 0], log_p)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("hidden", [[1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 1]])
def test_completions_with_their_weights_are_of_the_posterior_given_what_is_shown(
    decoder: str, hidden: list[int]
) -> None:
    model, z, n = build(2, decoder=decoder, z2_dim=0), code()[0], 20_000
    mask, every = torch.tensor(hidden, dtype=torch.bool).reshape(1, 2, 2), every_image(2)
    one, x = model.given_code(z), torch.tensor([1.0, 0.0, 0.0, 1.0], dtype=torch.float64).reshape(1, 1, 2, 2)
    found = one.complete(x.expand(n, 1, 2, 2), mask, device.generator(4))
    assert torch.equal(found.x[:, ~mask], x[:, ~mask].expand(n, -1))
    assert bool(found.log_weight.std() > 0.01) == (decoder == "pixels" and hidden not in ([0, 0, 1, 1], [1, 1, 1, 1]))
    weight = found.log_weight.softmax(0)
    places = (found.x.flatten(1) @ torch.tensor([8.0, 4.0, 2.0, 1.0], dtype=torch.float64)).long()
    drawn = torch.zeros(16, dtype=torch.float64).index_add(0, places, weight)
    with torch.no_grad():
        p = one.log_conditionals(every).flatten(1).sum(1).exp()
    p = p * (every[:, ~mask] == x[:, ~mask]).all(1)
    torch.testing.assert_close(drawn, p / p.sum(), rtol=0, atol=0.02)


def test_a_hidden_part_is_drawn_as_by_the_loop_over_its_pixels() -> None:
    model: Any = build(6)
    z, x, hidden = code(3), images(3, 6), torch.zeros(1, 6, 6, dtype=torch.bool)
    hidden[0, 1:4, 2:5] = True
    uniform = torch.rand(3, 1, 6, 6, generator=device.generator(5), dtype=torch.float64)
    expected = x.clone()
    with torch.no_grad():
        drawn = model.drawn(z, uniform, x, hidden)
        for i, j in itertools.product(range(6), repeat=2):
            if hidden[0, i, j]:
                p = model.logits(expected, z).sigmoid()[:, 0, i, j]
                expected[:, 0, i, j] = (uniform[:, 0, i, j] < p).double()
    assert torch.equal(drawn, expected)
    assert not torch.equal(drawn, x)


def test_samples_are_as_frequent_as_they_are_probable() -> None:
    model, n = build(2, z2_dim=0), 20_000
    z = torch.randn(400, 3, generator=device.generator(0), dtype=torch.float64)  # of the prior
    with torch.no_grad():
        x = every_image(2)
        log_p = model.log_conditionals_given(x[:, None].expand(16, 400, 1, 2, 2).flatten(0, 1), z.repeat(16, 1))
        expected = log_p.flatten(1).sum(1).reshape(16, 400).exp().mean(1)
    drawn = model.float().sample(n, device.generator(3)).flatten(1)
    counts = torch.bincount((drawn @ torch.tensor([8.0, 4.0, 2.0, 1.0])).long(), minlength=16)
    torch.testing.assert_close(counts.double() / n, expected, rtol=0, atol=0.02)


def test_without_a_context_the_likelihood_is_that_of_the_pixels_alone() -> None:
    model, x = build(2, context=0, z2_dim=0), every_image(2)
    with torch.no_grad():
        log_p = model.log_conditionals_given(x, code(16)).flatten(1).sum(1)
        assert torch.equal(log_p, model.log_conditionals_given(x, code(16, seed=9)).flatten(1).sum(1))
        by_hand = torch.zeros(16, dtype=torch.float64)
        for i, j in itertools.product(range(2), repeat=2):  # p of a pixel from images that agree before it alone
            before = x.clone().flatten(1)
            before[:, 2 * i + j :] = 0.5
            logit = model.logits(before.reshape(x.shape), None)[:, 0, i, j]
            by_hand += torch.distributions.Bernoulli(logits=logit).log_prob(x[:, 0, i, j])
        torch.testing.assert_close(log_p, by_hand)
        assert by_hand.exp().sum().item() == pytest.approx(1)
        head: Any = model.q_z1
        for last in (head[1].mean[0], head[1].variance[0]):
            last.weight.zero_()
            last.bias.zero_()
        head[1].variance[0].bias.fill_(math.log(math.expm1(1 - FLOOR)))  # q(z1|x) = p(z1) = N(0, I)
        weights = model.log_weights(x, 3, device.generator(0))
    torch.testing.assert_close(weights, log_p.expand(3, 16))


@pytest.mark.parametrize("inference", ["ladder", "bottom-up"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_weights_are_those_of_all_factors_at_the_draws(inference: str, decoder: str) -> None:
    model: Any = build(4, z3_dim=2, inference=inference, decoder=decoder)
    x = images(5, 4)
    with torch.no_grad():
        layers = model._infer(x, device.generator(4), 3)
        weights = model.log_weights(x, 3, device.generator(4))
        z = [layer.z for layer in layers]
        by_hand = model.log_conditionals_given(x, z[0]).flatten(2).sum(2)
        by_hand = by_hand + model.p_z1(z[1]).log_prob(z[0]) + model.p_z2(z[2]).log_prob(z[1])
        by_hand = by_hand + Normal(0.0, 1.0).log_prob(z[2]).sum(-1) - sum(one.q.log_prob(one.z) for one in layers)
    assert weights.shape == (3, 5)
    torch.testing.assert_close(weights, by_hand)


@pytest.mark.parametrize("decoder", DECODERS)
def test_draws_at_once_are_draws_one_by_one(decoder: str) -> None:
    model, x, z = build(5, decoder=decoder), images(4, 5), code(12).reshape(3, 4, 3)
    with torch.no_grad():
        together = model.log_conditionals_given(x, z)
        apart = torch.stack([model.log_conditionals_given(x, one) for one in z])
    torch.testing.assert_close(together, apart)


def test_the_bound_of_many_draws_is_tighter() -> None:
    model, x = build(6, scale=1.0).float(), images(6, 6).float()
    bounds = [model.log_prob(x, n, device.generator(3)).mean().item() for n in (1, 10, 300)]
    assert bounds == sorted(bounds)
    assert bounds[2] > bounds[0] + 0.01


def test_hiding_the_image_leaves_the_code_and_hiding_the_code_leaves_the_pixels() -> None:
    model, x, z = build(4), images(2, 4), code(2)
    with torch.no_grad():
        hidden = model.log_conditionals_given(x, z, sees_image=False)
        torch.testing.assert_close(hidden, torch.distributions.Bernoulli(probs=model.decode(z)).log_prob(x))
        assert torch.equal(model.logits(1 - x, z, sees_image=False), model.logits(x, z, sees_image=False))
        assert not torch.equal(model.logits(1 - x, None), model.logits(x, None))
        assert model.pixels is not None
        blank = torch.zeros(2, 2, 4, 4, dtype=torch.float64)
        assert torch.equal(model.logits(x, None), model.pixels(x, blank))


def test_the_weight_of_the_kl_rises_from_its_start() -> None:
    model, x = build(4, scale=1.0, start=0.3).float(), images(8, 4).float()
    batch = Batch(x, torch.zeros(8, dtype=torch.int64), torch.ones(8))
    for progress, weight in ((0.0, 0.3), (0.5, 0.65), (1.0, 1.0)):
        (loss,) = model.losses(batch, device.generator(2), progress)
        torch.testing.assert_close(loss.value, loss.terms["reconstruction"] + weight * loss.terms["kl"])


@pytest.mark.parametrize("inference", ["ladder", "bottom-up"])
@pytest.mark.parametrize("shape", [(1, 14, 14), (3, 5, 9)])
def test_six_layers_fit_any_side(shape: tuple[int, ...], inference: str) -> None:
    dims = {"z3_dim": 2, "z4_dim": 2, "z5_dim": 2, "z6_dim": 1}
    model = build(shape=shape, inference=inference, **dims).float()
    x = torch.rand(2, *shape, generator=device.generator(0))
    assert [layer.dim for layer in model.layers] == [3, 2, 2, 2, 2, 1]
    assert model.decode(model.encode(x)).shape == x.shape
    assert model.sample(2, device.generator(0)).shape == x.shape


def test_pixels_that_see_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="context"):
        build(decoder="one-pass", context=0)
