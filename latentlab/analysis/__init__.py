"""Analyses: functions of functions and arrays that return frozen dataclasses of numpy arrays."""
