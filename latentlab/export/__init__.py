"""Decoders as programs that run without PyTorch."""
