"""Probe errors as the source gives them, to be seen beside one's own."""

from __future__ import annotations

from collections.abc import Mapping

# Alain, thesis (2018), Fig. 9.4a: validation error on ImageNet of probes of a pretrained ResNet-50, at the input and at
# the 16 sums of a block and its shortcut, features averaged over the positions.
RESNET_50: Mapping[str, float] = {
    "input_1": 0.99, "add_1": 0.94, "add_2": 0.89, "add_3": 0.88, "add_4": 0.87, "add_5": 0.82, "add_6": 0.79,
    "add_7": 0.76, "add_8": 0.77, "add_9": 0.69, "add_10": 0.67, "add_11": 0.62, "add_12": 0.57, "add_13": 0.51,
    "add_14": 0.41, "add_15": 0.39, "add_16": 0.31,
}  # fmt: skip
