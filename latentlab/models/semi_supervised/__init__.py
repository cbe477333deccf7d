"""Semi-supervised models."""
