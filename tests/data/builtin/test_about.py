"""What is said of the built-in data sets that aren't densities."""

from __future__ import annotations

from latentlab.data import DENSITIES, MADE, NAMES, about


def test_every_data_set_is_described_and_those_that_a_program_made_as_such() -> None:
    assert {name for name in NAMES if about(name)} == set(NAMES) - set(DENSITIES)
    assert all("by a program" in about(name) for name in MADE)
    assert about("photos") == ""
