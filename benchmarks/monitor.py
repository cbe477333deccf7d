"""How many readings `latentlab monitor` takes in a second of one core, next to scikit-learn's isolation forest.

    python -m benchmarks.monitor [run id]           # a table, some seconds

A CSV file of 60 simulated days of the photovoltaic plant, about 41,000 readings of six sensors, is read, scored and
searched for alarms with 1, 3 and 10 draws of the code; seconds are of the processor, the start of the command
included. The forest is only given numbers that are in memory: it reads no file, and explains nothing.
"""

from __future__ import annotations

import contextlib
import csv
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest

from latentlab.__main__ import main
from latentlab.data.builtin.photovoltaic import plant, weather

DRAWS = (1, 3, 10)


def days() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(N, 6) readings of 60 days under three skies."""
    rng, found = np.random.default_rng(0), list[np.ndarray[tuple[int, int], np.dtype[np.float64]]]()
    for k, day in enumerate(range(plant.FIRST_DAY, plant.LAST_DAY)):
        found.append(plant.simulate(plant.HEALTHY, day, rng, weather.SKIES[k % 3]).readings)
    return np.concatenate(found)


def per_second(n: int, work: Callable[[], object]) -> str:
    """How many of n readings a second of the processor takes."""
    start = time.process_time()
    work()
    return f"{n / (time.process_time() - start):,.0f}"


def run(run_id: str) -> None:
    """Print the table."""
    rows = days()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(plant.SENSORS)
            out.writerows(rows.round(4).tolist())
        print(f"{len(rows):,} readings            a CPU second")
        for draws in DRAWS:
            flags = ["monitor", run_id, "--input", str(path), "--draws", str(draws)]

            def watch(flags: list[str] = flags) -> None:
                with contextlib.redirect_stdout(io.StringIO()):
                    assert main(flags) == 0

            print(f"{run_id}, {draws:2} draws     {per_second(len(rows), watch):>10}")
    forest = IsolationForest(random_state=0).fit(rows[::20])
    print(f"isolation forest               {per_second(len(rows), lambda: forest.score_samples(rows)):>10}")


if __name__ == "__main__":
    run(sys.argv[1] if len(sys.argv) > 1 else "photovoltaic-vae")
