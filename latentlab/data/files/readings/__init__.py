"""Readings in time: when they were read, made even, divided in blocks and windows, and as they come."""
