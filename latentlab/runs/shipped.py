"""What ships, as a store of its own that may be written: for what trains, measures or tests it."""

from __future__ import annotations

from latentlab.runs.store import SHIPPED, Store

SHIPPED_RUNS = Store(SHIPPED, shipped=SHIPPED / ".none")
