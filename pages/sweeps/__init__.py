"""The page Sweeps: which setting of a grid of trainings is best, and whether the seeds show it."""
