"""Training: the loop, its state, evaluation, and training step by step while someone watches."""
