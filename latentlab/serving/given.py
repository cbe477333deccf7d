"""What the user gives of a model: functions, and what can't be found by calling them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from latentlab.serving.functions import Function

OF_EXAMPLES = ("encode", "classify", "denoise", "log_prob")
FUNCTIONS = (*OF_EXAMPLES, "decode", "sample")


@dataclass(frozen=True)
class Given:
    """What the user gives: what of it is None, the model can't do.

    Attributes:
        encode: a batch -> codes, or a mean and a log variance, or a distribution.
        decode: codes -> a batch.
        classify: a batch -> logits, probabilities or log-probabilities.
        denoise: a noisy batch -> the batch without noise; a second argument is the noise's standard deviation.
        log_prob: a batch -> log p(x) of each, in nats, up to a constant.
        sample: a number -> so many examples.
        network: whose layers are probed, for functions that are neither modules nor methods of one.
        z_dim: numbers of a code; needed only for a decoder without an encoder.
        classes: names; those of the data if empty.
        sigma: of the noise that `denoise` takes away, in the units of its input.
        prior: "normal" if codes are N(0, I) before any example is seen, "none" if nothing is known of them; found by
            whether the encoder gives a distribution, if empty.
        low, high: what 0 (black) and 1 (white) of an image are for the functions.
        title: as a person reads it.
    """

    encode: Function | None = None
    decode: Function | None = None
    classify: Function | None = None
    denoise: Function | None = None
    log_prob: Function | None = None
    sample: Function | None = None
    network: nn.Module | None = None
    z_dim: int = 0
    classes: tuple[str, ...] = ()
    sigma: float = 0.1
    prior: str = ""
    low: float = 0.0
    high: float = 1.0
    title: str = "My model"

    @property
    def functions(self) -> dict[str, Function]:
        """Those that are there, by name."""
        return {name: function for name in FUNCTIONS if (function := getattr(self, name)) is not None}
