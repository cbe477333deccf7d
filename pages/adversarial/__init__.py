"""The page Adversarial training: a generator against a discriminator, and what their value says and hides."""
