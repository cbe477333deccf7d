"""What drawing by importance brought, in a sentence or two."""

from __future__ import annotations

from dataclasses import dataclass

CLOSE = 0.02  # relative difference that is none


@dataclass(frozen=True)
class Compared:
    """Medians over seeds of both methods after the same steps: losses, test errors, and √Tr along the first."""

    step: int
    loss: float
    plain_loss: float
    test_error: float
    plain_test_error: float
    smoothed: float
    uniform: float
    factor: float  # the largest weight of a drawn example


def of_importance(now: Compared, half: Compared) -> str:
    """How the training loss, the test error and the variance compare, halfway and at the end."""
    speed = _against(half.loss, half.plain_loss)
    general = _against(now.test_error, now.plain_test_error)
    verdict = {
        ("lower", "lower"): "Importance sampling trains faster, and tests better here",
        ("lower", "the same"): "Importance sampling trains faster, and tests no better",
        ("lower", "higher"): "Importance sampling trains faster, and tests no better",
        ("the same", "the same"): "Importance sampling makes no difference here",
    }.get((speed, general), "Importance sampling doesn't train faster here")
    return (
        f"{verdict}: after {half.step:,} steps its training loss is {half.loss:.3g} against {half.plain_loss:.3g}, and "
        f"after {now.step:,} its test error {now.test_error:.1%} against {now.plain_test_error:.1%}. The weights that "
        f"it draws by make the standard deviation of a step {now.uniform / max(now.smoothed, 1e-12):.2g} times smaller "
        "than even ones would."
    )


def _against(one: float, two: float) -> str:
    if abs(one - two) <= CLOSE * max(abs(one), abs(two)):
        return "the same"
    return "lower" if one < two else "higher"
