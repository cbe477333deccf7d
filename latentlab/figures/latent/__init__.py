"""A latent space, drawn."""
