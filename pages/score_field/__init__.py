"""The page Score field: what a denoiser learned of the density."""
