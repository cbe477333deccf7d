"""Figures of what a classifier knows."""
