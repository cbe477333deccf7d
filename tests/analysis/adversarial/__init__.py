"""Analyses of adversarial models."""
