"""Importance sampling of gradients: their variance, how even the weights are, and how old they may be."""
