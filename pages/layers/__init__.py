"""The page Layers: what each layer of a hierarchy of latent variables carries and decides."""
