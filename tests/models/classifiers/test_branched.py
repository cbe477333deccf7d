"""The branched classifier: its two heads, and what the weight of the auxiliary one's loss does."""

from __future__ import annotations

import torch

from latentlab import device
from latentlab.data import Kind
from latentlab.models import Spec
from latentlab.models.classifiers.branched import Branched
from latentlab.nn.initialise import initialise
from tests.conftest import noise_images


def branched(side: int = 8, **knobs: object) -> Branched:
    model = Branched(Branched.Config(**knobs), Spec((1, side, side), 10, Kind.IMAGE))  # type: ignore[arg-type]
    initialise(model, device.generator(0))
    return model


def gradients(model: Branched) -> dict[str, torch.Tensor]:
    model.zero_grad()
    (loss,) = model.losses(noise_images(6).batch(), device.generator(0))
    loss.value.mean().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_its_parameters_are_those_of_the_layers_that_it_says() -> None:
    stem, width, first, later = 8 * 10, 6, 8, 24

    def block(n: int) -> int:  # 1×1 four times, 3×3 three times
        return 4 * (width * n + width) + 3 * (width * width * 9 + width)

    auxiliary = (later * 8 + 8) + (8 * 32 + 32) + (32 * 10 + 10)  # of 8×8 pixels one position is left
    assert branched().size == stem + block(first) + 4 * block(later) + (later * 10 + 10) + auxiliary
    assert branched(28).size - branched().size == 3 * 3 * 8 * 32 + 32 - (8 * 32 + 32) + (4 * 4 - 3 * 3) * 8 * 32


def test_without_weight_the_auxiliary_head_and_what_it_is_given_have_no_gradient_of_it() -> None:
    model = branched(aux_weight=0.0)
    found = gradients(model)
    assert all(not value.any() for name, value in found.items() if name.startswith("auxiliary."))
    with torch.no_grad():
        for p in model.auxiliary.parameters():
            p.mul_(-3.0)
    assert all(torch.equal(value, found[name]) for name, value in gradients(model).items())


def test_the_gradient_is_that_of_the_main_head_and_the_weighted_auxiliary_one() -> None:
    none, half, one = (gradients(branched(aux_weight=weight)) for weight in (0.0, 0.5, 1.0))
    for name, value in half.items():
        torch.testing.assert_close(value, (none[name] + one[name]) / 2)
    after = [name for name in none if name.startswith(("blocks.4", "blocks.5", "logits"))]
    assert all(torch.equal(none[name], one[name]) for name in after)
    assert not torch.equal(none["blocks.3.one.0.weight"], one["blocks.3.one.0.weight"])


def test_the_main_head_reads_the_means_of_the_last_block() -> None:
    model, x = branched(blocks=2, aux_after=1).eval(), noise_images(4).batch().x
    h = model.blocks["2"](model.blocks["1"](model.stem(2 * x - 1)))
    torch.testing.assert_close(model.classify(x), model.logits(h.mean((2, 3))).log_softmax(1))
    assert torch.equal(model.both_heads(x)[0], model.classify(x))


def test_with_fewer_blocks_the_auxiliary_head_stands_after_the_last_one() -> None:
    model, x = branched(blocks=2).eval(), noise_images(4).batch().x
    h = model.blocks["2"](model.blocks["1"](model.stem(2 * x - 1)))
    torch.testing.assert_close(model.both_heads(x)[1], model.auxiliary(h).log_softmax(1))
