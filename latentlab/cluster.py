"""The Ray cluster at an address, on one machine or many: what outgrows a machine is computed there."""

from __future__ import annotations

import importlib.util
import logging
import re
import socket
from typing import Any

from latentlab.serialization import RunError

ADDRESS = re.compile(r"auto|([\w.-]+):(\d{1,5})")
SECONDS = 5.0  # in which a cluster has to answer


def connect(address: str) -> Any:
    """Connect this process to a running cluster, if it isn't yet.

    Args:
        address: "auto" for the cluster that this machine belongs to, or host:port of its head.

    Returns:
        The module `ray`, which is connected.

    Raises:
        RunError: Ray isn't installed, or no cluster answers at the address.
    """
    if importlib.util.find_spec("ray") is None:
        raise RunError("A cluster needs Ray: pip install 'latentlab[ray]'.")
    import ray

    check_answers(address)
    try:
        if not ray.is_initialized():
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise RunError(f"There is no Ray cluster at {address!r}: start one with `ray start --head`.") from error
    return ray


def check_answers(address: str) -> None:
    """Look whether anything listens there, which Ray itself gives up on only after a minute.

    Raises:
        RunError: it isn't an address, or nothing does.
    """
    match = ADDRESS.fullmatch(address)
    if match is None:
        raise RunError(f"The address of a Ray cluster is auto or host:port, not {address[:80]!r}.")
    if match[1] is None:
        return
    try:
        socket.create_connection((match[1], int(match[2])), SECONDS).close()
    except (OSError, OverflowError) as error:
        raise RunError(f"There is no Ray cluster at {address!r}: start one with `ray start --head`.") from error
