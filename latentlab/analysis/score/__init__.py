"""The score field of a denoiser."""
