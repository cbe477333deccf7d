"""Probes, drawn."""
