"""Hierarchies of latent variables."""
