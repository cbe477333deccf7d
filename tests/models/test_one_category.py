"""The category of a code as the class: what it gives is what the model's own code gives, put together by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Kind
from latentlab.models import MODELS, Decodes, Encodes, HasPrior, Model, Spec, by_category
from latentlab.models.parts.priors import Independent, OneHot, StandardNormal, Uniform

K = 3


class Between(Encodes, Decodes, HasPrior):
    """Examples are codes: a uniform number, one of `K` categories, and two numbers of noise."""

    name = "between"
    spec = Spec((6,), 2, Kind.VECTOR)
    z_dim = 6
    prior = Independent([Uniform(1), OneHot(K), StandardNormal(2)])

    def encode(self, x: Tensor) -> Tensor:
        return x

    def decode(self, z: Tensor) -> Tensor:
        return z


def built(name: str) -> Model:
    kind = MODELS[name]
    return kind(kind.Config(), Spec((1, 8, 8), 10, Kind.IMAGE)).eval()


def test_a_style_in_a_category_is_the_code_of_both_in_their_places() -> None:
    model = by_category(Between())
    assert model is not None
    assert (model.n_categories, model.z_dim, model.spec.n_classes) == (K, 3, K)
    styles, y = model.prior.sample(5, device.generator(0)), torch.tensor([0, 2, 1, 1, 0])
    code = model.decode(styles, y)
    assert torch.equal(code[:, 1 : 1 + K], torch.eye(K)[y])
    assert torch.equal(code[:, [0, 4, 5]], styles)
    assert torch.equal(model.category(code), y)
    assert torch.equal(model.encode(code, 0 * y), styles)  # the class isn't needed
    assert styles[:, 0].abs().max() <= 1


def test_of_an_infogan_the_categories_are_the_classes() -> None:
    infogan = built("infogan")
    model = by_category(infogan)
    assert model is not None
    assert isinstance(infogan, Decodes)
    z = model.prior.sample(4, device.generator(0))
    y = torch.tensor([9, 0, 3, 3])
    with torch.no_grad():
        assert torch.equal(model.decode(z, y), infogan.decode(torch.cat([torch.eye(10)[y], z], 1)))


@pytest.mark.parametrize("name", ["vae", "gan", "cvae", "cnn"])
def test_a_code_without_a_category_has_none(name: str) -> None:
    assert by_category(built(name)) is None
