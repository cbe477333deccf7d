"""What is known of the examples of a subject, as targets of probes."""

from __future__ import annotations

from latentlab.analysis.probes import column_targets as of_columns
from latentlab.analysis.probes.column_targets import Target
from pages.shared import cached
from pages.shared.per_example import factors, other_columns
from pages.shared.remember import remember
from pages.shared.spaces import Source


@remember(8, on=lambda source: source.run is None or cached.has_data(source.run))
def column_targets(source: Source) -> dict[str, Target]:
    """Name -> of which something can be decoded: factors, then other columns."""
    made = factors(source)
    return of_columns.column_targets(made, other_columns(source, made))
