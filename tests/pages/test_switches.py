"""The two switches on the page Likelihood: what is hidden costs what the model says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.models import AutoregressiveGivenCode, Layered, LogLikelihood
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun
from pages.likelihood import switches
from tests.conftest import numbers_in
from tests.pages.conftest import Open
from tests.runs.test_store import saved

DETAIL = "Hide the code or the image"


def subject(store: Store) -> StoredRun:
    saved(store, "mine", "fame")
    return StoredRun(store.read("mine"), store)


def test_the_lengths_add_up_to_the_bound_and_each_hidden_part_changes_them(app_store: Store) -> None:
    run = subject(app_store)
    model, x = app_store.load("mine"), app_store.examples("mine")[: switches.MANY].batch().x
    assert isinstance(model, AutoregressiveGivenCode)
    assert isinstance(model, LogLikelihood)
    bits = model.binarise(x, device.generator(switches.SEED))
    found, rng = switches.of_many(run), device.generator(7)
    elbo = float(torch.stack([model.log_prob(bits, 1, rng) for _ in range(20)]).mean())
    assert sum(found[switches.BOTH]) == pytest.approx(-elbo, abs=0.3)
    assert found[switches.CODE][0] == found[switches.BOTH][0] > 0
    with torch.no_grad():
        alone = -model.log_conditionals_given(bits, None).flatten(1).sum(1).mean()
        blank = -model.log_conditionals_given(bits, None, sees_image=False).flatten(1).sum(1).mean()
        assert isinstance(model, Layered)
        z = torch.zeros(1, model.layers[-1].dim)
        black = torch.zeros_like(bits[:1])
        at_top = model.log_conditionals_given(black, model.expected_code()[None], sees_image=False).exp()
        torch.testing.assert_close(1 - at_top, model.generate(model.layers[-1].name, z))
    assert list(found[switches.IMAGE]) == pytest.approx([0, float(alone)], rel=1e-5)
    assert list(found[switches.NEITHER]) == pytest.approx([0, float(blank)], rel=1e-5)
    assert found[switches.EXPECTED][0] == 0


def test_a_switch_changes_what_is_said_in_nats_and_bits(opened: Open, app_store: Store) -> None:
    run = subject(app_store)
    said = {}
    for code, image in switches.WAYS:
        address = {"hide-code": str(code).lower(), "hide-image": str(image).lower()}
        app = opened("likelihood", run="mine", detail=DETAIL, **address)
        assert not app.exception
        (text,) = [one.value for one in app.markdown if one.value.startswith("**Read:")]
        said[code, image] = numbers_in(text)[:2]
    lengths, _ = switches.of_example(run, 0)
    for key, (nats, bits) in said.items():
        assert nats == pytest.approx(float(lengths[switches.WAYS[key]].total[0]), abs=0.06)
        assert bits == pytest.approx(nats / math.log(2), abs=0.15)
    assert len({nats for nats, _ in said.values()}) >= 3  # of an untrained model two may be nearly the same


def test_other_runs_have_no_switches(visited: Open) -> None:
    app = visited("likelihood", run="digits-lvae", detail=DETAIL)
    assert not app.exception
    assert not [one for one in app.toggle if str(one.key).startswith("hide")]


def test_the_picture_is_the_code_alone_where_the_image_is_hidden(app_store: Store) -> None:
    run, model = subject(app_store), app_store.load("mine")
    found, x = switches.of_example(run, 3)
    assert set(np.unique(x)) <= {0.0, 1.0}
    assert isinstance(model, AutoregressiveGivenCode)
    with torch.no_grad():
        p = model.log_conditionals_given(torch.zeros(1, *x.shape[1:]), None, sees_image=False).exp()
    np.testing.assert_allclose(found[switches.NEITHER].picture, (1 - p).numpy(), atol=1e-6)
