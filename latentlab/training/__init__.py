"""Training: the loop, its state, evaluation, and incremental training while someone watches."""
