"""A density of your own in ten lines: `latentlab app --model my_density.py` runs chains on it, on the page Sampling."""

import torch

clusters = torch.distributions.MultivariateNormal(torch.tensor([[-2.0, 0.0], [2.0, 1.0]]), torch.eye(2) / 2)
law = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(torch.tensor([0.3, 0.7])), clusters)

log_prob = law.log_prob
sample = lambda n: law.sample((n,))  # noqa: E731
data = sample(500)
title = "Two clusters"
