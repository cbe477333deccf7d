"""A stream of readings, its alarms, and what a model expected instead."""
