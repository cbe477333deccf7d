"""The curve of a model: its stations in the order in which they run, its bands, its kinks and what explains them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from latentlab.analysis.activations import NetworkLayer, activations
from latentlab.analysis.probes.layer_curve import (
    WITHIN,
    Curve,
    hardest,
    probe_curve,
    probe_positions,
    run_through,
)
from latentlab.data import Dataset, Kind, Splits
from latentlab.models import Discriminates, InfersLatents, Spec
from latentlab.models.classifiers.cnn import CNN
from latentlab.models.vae.vae import VAE
from latentlab.runs.store import Store
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train
from tests.conftest import numbers_in


def pooled(splits: Splits) -> tuple[torch.Tensor, np.ndarray, tuple[int, int, int]]:
    x, y = torch.cat([part.x for part in splits]), torch.cat([part.y for part in splits]).numpy()
    return x, y, (len(splits.train), len(splits.valid), len(splits.test))


def loaded(run_id: str) -> nn.Module:
    return Store.default().load(run_id)


@pytest.fixture(scope="module")
def found(digits: Splits) -> Curve:
    x, y, sizes = pooled(digits)
    return probe_curve(loaded("digits-cnn"), x, y, sizes, n_classes=10, n_seeds=3, limit=64, control=True)


def test_the_stations_of_a_classifier_are_its_steps(digits: Splits) -> None:
    model = loaded("digits-cnn")
    assert isinstance(model, CNN)
    assert [layer.name for layer in probe_positions(model, digits.test.x)] == [
        "input", "conv1", "conv1_relu", "conv1_pool", "conv2", "conv2_relu", "conv2_pool", "fc1", "fc1_relu", "logits",
    ]  # fmt: skip


def test_the_code_of_an_autoencoder_stands_between_encoder_and_decoder(digits: Splits) -> None:
    model = loaded("digits-vae")
    assert isinstance(model, VAE)
    names = [layer.name for layer in probe_positions(model, digits.test.x)]
    where = names.index("latent")
    assert all(name.startswith("encoder") for name in names[1:where])
    assert all(name.startswith("decoder") for name in names[where + 1 :])
    assert len(names[where + 1 :]) > 2
    x, y, sizes = pooled(digits)
    few = probe_curve(model, x, y, sizes, n_classes=10, limit=32)
    latent = few.readings[where]
    assert latent.probes[0].kept == model.z_dim
    np.testing.assert_allclose(
        latent.said, latent.probes[0].log_probs(model.encode(digits.test.batch().x)), rtol=1e-3, atol=1e-3
    )


def test_latent_variables_beside_the_way_through_a_network_are_probed_too() -> None:
    model, data = loaded("moons-adgm"), Store.default().examples("moons-adgm")
    assert isinstance(model, InfersLatents)
    places = probe_positions(model, data.x)
    assert [(place.name, place.size) for place in places[-2:]] == [("z", 10), ("a", 10)]
    n = len(data) // 4
    curve = probe_curve(model, data.x, data.y.numpy(), (2 * n, n, n), n_classes=2)
    errors = dict(zip((place.name for place in places), curve.means(), strict=True))
    assert errors["a"] < 0.05  # the moons are linearly separable there (Maaløe et al. 2016, Fig. 2), not in x
    assert errors["input"] > 0.1
    assert not {len(places) - 2, len(places) - 1} & curve.kinks().keys()  # they don't follow from the layer before
    code = curve.readings[-1]
    x = data[3 * n :].batch().x[:n]
    with torch.no_grad():
        a = model.infer(x)["a"].mean
    np.testing.assert_allclose(code.said, code.probes[0].log_probs(a), rtol=1e-3, atol=1e-3)


def test_the_layers_of_a_discriminator_are_probed_where_nothing_encodes(digits: Splits) -> None:
    model, infogan = loaded("digits-gan"), loaded("digits-infogan")
    assert isinstance(model, Discriminates)
    first, *own = [layer.name for layer in probe_positions(model, digits.test.x)]
    assert first == "input"
    assert all(name.startswith("discriminator") for name in own)
    x = digits.test[:20].x
    last = activations(model, x, [own[-1]], run_through(model))[own[-1]]
    with torch.no_grad():
        np.testing.assert_allclose(last[:, 0], model.logits(x.float() / 255), rtol=1e-4, atol=1e-5)
    way = [layer.name for layer in probe_positions(infogan, digits.test.x)]  # one way, from x to a code and back
    assert "latent" in way
    assert not any(name.startswith("discriminator") for name in way)


def test_a_model_that_does_nothing_with_examples_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="model"):
        run_through(nn.Linear(2, 2))


@pytest.mark.slow
def test_every_number_is_there_for_every_seed(found: Curve, digits: Splits) -> None:
    for reading in found.readings:
        assert len(reading.probes) == 3
        assert [probe.score.n for probe in reading.probes] == [360] * 3
        assert len({probe.l2 for probe in reading.probes}) == 1
        assert reading.probes[0].selectivity is not None
        assert reading.probes[0].memorised is not None
        assert reading.values("error").shape == (3,)
        assert reading.values("top 3").max() <= reading.values("error").max()
        said = reading.said.argmax(1) != digits.test.y.numpy()
        assert said.mean() == pytest.approx(reading.values("error")[0], abs=0.003)
        losses = [(p.valid.cross_entropy, p.train.cross_entropy) for p in reading.probes if p.valid is not None]
        assert len(losses) == 3
        assert all(choose > fit for choose, fit in losses)  # other examples than those of the fit
    assert found.means("cross-entropy", "train").shape == (10,)
    wide = found.readings[1]
    assert (wide.probes[0].kept, wide.probes[0].total, wide.how) == (64, 1024, "subset")
    assert not np.array_equal(wide.probes[0].weights, wide.probes[1].weights)


def test_the_trained_logits_know_what_the_model_knows(found: Curve, digits: Splits) -> None:
    model = Store.default().load("digits-cnn")
    assert found.means()[-1] <= evaluate(model, digits.test)["error"] + 0.01
    untrained = Store.default().load("digits-cnn", 0)
    x, y, sizes = pooled(digits)
    before = probe_curve(untrained, x, y, sizes, n_classes=10, limit=64)
    assert before.means()[-1] > found.means()[-1] + 0.1
    assert before.means()[0] == found.readings[0].values()[0]  # the input is the same


def test_the_band_holds_the_spread_between_seeds_and_the_size_of_the_test(found: Curve) -> None:
    errors = found.readings[3].values()
    within = np.mean([probe.score.std_error for probe in found.readings[3].probes])
    assert found.half_bands()[3] == pytest.approx(2 * np.hypot(within, errors.std(ddof=1)))


def test_a_kink_is_a_rise_and_says_what_explains_it(found: Curve) -> None:
    def bent(errors: list[float], affine: bool, total: int) -> Curve:
        readings = []
        for k, error in enumerate(errors):
            reading = found.readings[0]
            probe = reading.probes[0]
            assert probe.test is not None
            score = dataclasses.replace(probe.test, error=error, n=10**6)
            probe = dataclasses.replace(probe, test=score, kept=64, total=total)
            layer = NetworkLayer(f"l{k}", "Linear", (64,), affine)
            readings.append(dataclasses.replace(reading, layer=layer, probes=(probe,)))
        return dataclasses.replace(found, readings=tuple(readings))

    assert bent([0.5, 0.4, 0.4, 0.1], True, 64).kinks() == {}
    affine = bent([0.5, 0.6, 0.4], True, 64).kinks()
    unexplained = bent([0.5, 0.4, 0.6], False, 64).kinks()
    reduced = bent([0.5, 0.6], False, 99).kinks()
    within = bent([0.5, 0.5001], False, 64).kinks()
    assert [list(kinks) for kinks in (affine, unexplained, reduced, within)] == [[1], [2], [1], [1]]
    reasons = [why for kinks in (affine, unexplained, reduced, within) for why in kinks.values()]
    assert len(set(reasons)) == 4
    assert [numbers_in(why) for why in reasons] == [[], [], [64, 99], []]
    assert within[1] == WITHIN
    both = bent([0.5, 0.6], True, 99).kinks()[1]
    assert all(why in both for why in (affine[1], reduced[1]))
    assert unexplained[2] not in both


def test_the_hardest_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(200, 4))
    said = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
    y = rng.integers(-1, 4, 200)
    own = {k: said[k, y[k]] for k in range(200) if y[k] >= 0}
    assert hardest(said, y, 7).tolist() == sorted(own, key=own.__getitem__)[:7]
    assert len(hardest(said, np.full(200, -1), 7)) == 0


def test_a_training_that_is_probed_at_every_report_ends_with_the_same_bits(few_digits: Splits) -> None:
    x, y, sizes = pooled(few_digits)
    ends = []
    for probed in (False, True):
        config = TrainConfig(epochs=2, batch_size=32, snapshots=probed)
        model = start("cnn", CNN.Config(width=4, hidden=16), Spec((1, 8, 8), 10, Kind.IMAGE), config)
        for _ in train(model, few_digits, config, report_every=5):
            if probed:
                probe_curve(model.eval(), x, y, sizes, n_classes=10, limit=16)
        ends.append({name: value.clone() for name, value in model.state_dict().items()})
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_float_examples_are_probed_too(digits: Splits) -> None:
    x, y, sizes = pooled(digits)
    data = Dataset("d", x.float() / 255, torch.from_numpy(y), digits.test.classes, digits.test.kind)
    a = probe_curve(loaded("digits-cnn"), data.x, y, sizes, n_classes=10, limit=16)
    b = probe_curve(loaded("digits-cnn"), x, y, sizes, n_classes=10, limit=16)
    np.testing.assert_allclose(a.means(), b.means(), atol=0.01)
