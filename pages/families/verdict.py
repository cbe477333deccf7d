"""What the fits say, in a sentence for each family."""

from __future__ import annotations

import math
from collections.abc import Mapping

from latentlab.data.builtin.two_modes import log_partition
from latentlab.experiments.families import Fitted


def verdict(found: Mapping[str, Fitted]) -> str:
    """Whether the best restart of each family covers both modes, and how near its bound is to log Z.

    Args:
        found: title of a family -> its restarts.
    """
    return " ".join(_sentence(title, one) for title, one in found.items())


def _sentence(title: str, one: Fitted) -> str:
    best, n, log_z = float(one.bounds[one.best]), len(one.bounds), log_partition()
    if not one.covers_both[one.best]:
        most = log_z - math.log(2)
        return f"**{title}**: one mode; its bound {best:.2f} can't exceed {most:.2f}, log Z less the lost mode."
    if log_z - best > math.log(2):
        return f"**{title}**: over both modes, with a bound of {best:.2f}, less than one mode alone would give."
    return f"**{title}**: both modes in {one.n_both} of {n} restarts, the best bound {best:.2f} of {log_z:.2f}."
