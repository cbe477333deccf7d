import torch

from latentlab import device
from latentlab.data import Dataset, Kind, batches, held_out
from tests.conftest import noise_images


def test_an_epoch_visits_every_example_once() -> None:
    data = Dataset("count", torch.arange(10, dtype=torch.float32).unsqueeze(1), torch.arange(10), (), Kind.VECTOR)
    seen = list(batches(data, 4, device.generator(0)))
    assert [len(b.x) for b in seen] == [4, 4, 2]
    order = torch.cat([b.y for b in seen])
    assert sorted(order.tolist()) == list(range(10))
    assert order.tolist() != list(range(10))
    assert torch.equal(torch.cat([b.x for b in seen]).squeeze(1), order.float())


def test_bytes_become_intensities_only_in_a_batch() -> None:
    data = noise_images(3)
    batch = data.batch(torch.tensor([2, 0]))
    assert data.x.dtype == torch.uint8
    torch.testing.assert_close(batch.x, data.x[[2, 0]].float() / 255)
    assert torch.equal(batch.weight, torch.ones(2))


def test_held_out_is_disjoint_and_the_same_every_time() -> None:
    data = Dataset("count", torch.arange(100.0).unsqueeze(1), torch.arange(100), (), Kind.VECTOR)
    rest, out = held_out(data, 30)
    assert sorted(rest.y.tolist() + out.y.tolist()) == list(range(100))
    assert len(out) == 30
    assert torch.equal(out.y, held_out(data, 30)[1].y)
