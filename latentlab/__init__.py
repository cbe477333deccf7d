"""LatentLab: load or train latent-variable models and see what they learned."""
