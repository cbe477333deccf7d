"""The page Autoregressive decoding: an image, one pixel after the other."""
