"""DC-IGN: the gradient by hand, what is decoded of a set of examples that are alike, and the VAE where nothing is."""

from __future__ import annotations

import pytest
import torch

from latentlab import device
from latentlab.data import Batch, DataError, Kind, Spec, Splits, Varied
from latentlab.distributions import kl_to_standard_normal
from latentlab.knobs import from_dict
from latentlab.models.vae.dcign import DCIGN, clamped
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise


def model_of(digits: Splits, pull: float = 1.0, samples: int = 1, beta: float = 1.0) -> DCIGN:
    of_vae = {"z_dim": 4, "hidden": 16, "likelihood": "gray-bernoulli", "samples": samples, "beta": beta}
    model = DCIGN(from_dict(DCIGN.Config, of_vae | {"pull": pull}), digits.train.spec)
    initialise(model, device.generator(0))
    return model


def batch_of(digits: Splits, varied: Varied | None, n: int = 24) -> Batch:
    return digits.train[:n].batch()._replace(varied=varied)


def test_the_gradient_of_a_linear_decoder_is_that_by_hand() -> None:
    """loss = mean over examples of ½ |W ẑ − x|²: W' (W ẑ − x) / B for the active dimension, w (z − mean) / B else."""
    rng = torch.Generator().manual_seed(0)
    z, x, w = (torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in ((6, 3), (6, 5), (3, 5)))
    active, pull = torch.tensor([False, True, False]), 0.7
    z.requires_grad_()
    out = clamped(z, active, pull, 3)
    (0.5 * (out @ w - x).square().sum(1)).mean().backward()
    sets = z.detach().unflatten(0, (2, 3))
    means = sets.mean(1, keepdim=True).expand_as(sets).flatten(0, 1)
    expected = torch.where(active, z.detach(), means)
    assert torch.equal(out.detach(), expected)
    of_active = (expected @ w - x) @ w.T / 6
    assert z.grad is not None
    torch.testing.assert_close(z.grad, torch.where(active, of_active, pull * (z.detach() - means) / 6))


@pytest.mark.parametrize(("group", "first", "last"), [(0, 0, 1), (1, 1, 2), (2, 2, 4)])
def test_examples_that_are_alike_have_one_code_in_all_but_the_active_dimensions(
    digits: Splits, monkeypatch: pytest.MonkeyPatch, group: int, first: int, last: int
) -> None:
    model, decoded = model_of(digits), list[torch.Tensor]()
    original = model.log_likelihood

    def listen(x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        decoded.append(z[0])
        return original(x, z)

    monkeypatch.setattr(model, "log_likelihood", listen)
    batch = batch_of(digits, Varied(group, 3, 8))
    (loss,) = model.losses(batch, device.generator(1))
    z = decoded[0].unflatten(0, (3, 8))
    active = torch.zeros(4, dtype=torch.bool)
    active[first:last] = True
    assert torch.equal(z[:, :, ~active], z[:, :1, ~active].expand(-1, 8, -1))
    assert (z[:, :, active].std(1) > 0.1).all()
    q = model.posterior(batch.x)
    torch.testing.assert_close(loss.terms["kl"], kl_to_standard_normal(*q)[:, active].sum(1))
    torch.testing.assert_close(loss.value, loss.terms["reconstruction"] + loss.terms["kl"])


def test_the_gradient_of_a_clamped_dimension_pulls_its_codes_together(digits: Splits) -> None:
    """What the decoder says reaches the encoder through the active dimension only."""
    batch = batch_of(digits, Varied(0, 3, 8))

    def gradient(pull: float) -> torch.Tensor:
        model = model_of(digits, pull=pull)
        (loss,) = model.losses(batch, device.generator(1))
        loss.value.mean().backward()
        last = [layer for layer in model.encoder.modules() if isinstance(layer, torch.nn.Linear)][-1]
        assert last.bias.grad is not None
        return last.bias.grad

    none, strong = gradient(0.0), gradient(5.0)
    assert none[[0, 4]].abs().min() > 0  # mean and log std of the active dimension
    assert none[[1, 2, 3, 5, 6, 7]].abs().max() == 0
    torch.testing.assert_close(strong[[0, 4]], none[[0, 4]])
    assert strong[[5, 6, 7]].abs().min() > 0


@pytest.mark.parametrize("samples", [1, 3])
def test_a_batch_that_differs_in_anything_has_the_objective_of_the_vae(digits: Splits, samples: int) -> None:
    model = model_of(digits, samples=samples, beta=2.0)
    plain = VAE(VAE.Config(z_dim=4, hidden=16, likelihood="gray-bernoulli", samples=samples, beta=2.0), model.spec)
    plain.load_state_dict(model.state_dict())
    (loss,) = model.losses(batch_of(digits, None), device.generator(1), 0.5)
    (expected,) = plain.losses(batch_of(digits, None), device.generator(1), 0.5)
    torch.testing.assert_close(loss.value, expected.value)


def test_a_code_that_is_too_small_for_the_factors_is_a_sentence() -> None:
    model = DCIGN(DCIGN.Config(z_dim=2, hidden=8), Spec((1, 4, 4), 2, Kind.IMAGE))
    batch = Batch(torch.zeros(4, 1, 4, 4), torch.zeros(4).long(), torch.ones(4), Varied(2, 3, 4))
    with pytest.raises(DataError, match="z_dim is 2"):
        next(model.losses(batch, device.generator(0)))
