"""Runs: what was trained, as folders of JSON, safetensors and CSV."""
