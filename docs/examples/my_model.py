"""A model of your own in ten lines: `latentlab app --model my_model.py --data photos.zip` opens it on every page."""

import torch
from torch import nn

network = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2))
decoder = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))

encode, decode = network, decoder  # functions or modules: also classify, denoise, log_prob, sample
title = "My autoencoder"
torch.nn.init.orthogonal_(network[1].weight)  # here you would load your own weights, from a .safetensors file
