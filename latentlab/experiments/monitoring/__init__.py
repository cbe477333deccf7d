"""Readings of sensors: streams with faults, thresholds, conditions of a plant, and what a page requests."""
