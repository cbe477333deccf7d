"""The page Score field: what a denoiser knows of the density."""
