"""Networks as people write them elsewhere: nothing in them knows of LatentLab."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn


class TupleVAE(nn.Module):
    """The VAE of PyTorch's examples: `encode` gives (mu, logvar)."""

    def __init__(self, size: int = 64, z_dim: int = 3) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(size, 20), nn.Linear(20, z_dim), nn.Linear(20, z_dim)
        self.fc3, self.fc4 = nn.Linear(z_dim, 20), nn.Linear(20, size)
        self.size = size
        for k, parameter in enumerate(self.parameters()):  # the same whatever ran before: no code lies at a kink
            nn.init.uniform_(parameter, -0.25, 0.25, generator=torch.Generator().manual_seed(k))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = F.relu(self.fc1(x.view(-1, self.size)))
        return self.fc21(h), self.fc22(h)

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))


class ConvVAE(nn.Module):
    """Convolutional with batch normalisation, images from -1 to 1, a code that is a small image."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 4, 2, 1), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.Conv2d(4, 4, 3, 1, 1)
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2, 4, 4, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 3, 1, 1), nn.Tanh()
        )
        for _ in range(3):  # so that batch normalisation has met examples
            self.decoder(self.encoder(torch.randn(16, 1, 8, 8))[:, :2])

    def encode(self, x: Tensor) -> torch.distributions.Normal:
        mean, log_std = self.encoder(x).chunk(2, 1)
        return torch.distributions.Normal(mean, log_std.exp())

    def decode(self, z: Tensor) -> Tensor:
        out: Tensor = self.decoder(z)
        return out


class Classifier(nn.Module):
    """As torchvision's: features, a pool, a head; logits."""

    def __init__(self, n_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 3, 1, 1), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(6 * 16, n_classes))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(x))
        return out


class Denoiser(nn.Module):
    """As a step of a diffusion model: takes the noise's standard deviation too."""

    def __init__(self, dim: int = 2) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(dim + 1, 16), nn.SiLU(), nn.Linear(16, dim))

    def forward(self, x: Tensor, sigma: float) -> Tensor:
        out: Tensor = x + self.network(torch.cat([x, torch.full_like(x[:, :1], sigma)], 1))
        return out


class NumpyPCA:
    """Plain NumPy: a tensor would fail."""

    def __init__(self, x: NDArray[Any], d: int = 3) -> None:
        self.mean = x.mean(0)
        self.axes = np.linalg.svd(x - self.mean, full_matrices=False)[2][:d]

    def encode(self, x: NDArray[Any]) -> NDArray[Any]:
        assert isinstance(x, np.ndarray)
        z: NDArray[Any] = (x - self.mean) @ self.axes.T
        return z

    def decode(self, z: NDArray[Any]) -> NDArray[Any]:
        assert isinstance(z, np.ndarray)
        x: NDArray[Any] = self.mean + z @ self.axes
        return x
