"""Connecting to a cluster: with the caller's client, or a new one for the address of a Dask scheduler."""

import contextlib
import importlib.util
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from sharedtrunk.errors import invalid

if TYPE_CHECKING:
    import distributed
    from distributed import Client

Cluster = Union[str, "distributed.Client"]
"""The address of a scheduler, or a client of it."""

CONNECT_SECONDS = 5.0
"""Longest wait for a scheduler, which answers within a second even on a slow network."""


@contextlib.contextmanager
def connected(cluster: Cluster) -> "Iterator[Client]":
    """Yield the client of a cluster: the one given, or a new one for a scheduler's address, which is closed at the end.

    Raises `InputError` where Dask is not installed, the scheduler does not answer within `CONNECT_SECONDS`, or the client
    is asynchronous or not connected.
    """
    if importlib.util.find_spec("distributed") is None:
        raise invalid(
            "a cluster is reached through Dask",
            received="an installation without distributed",
            hint="Install it here and on the workers: pip install 'sharedtrunk[cluster]'.",
        )
    from distributed import Client

    if isinstance(cluster, Client):
        if cluster.asynchronous or cluster.status != "running":
            raise invalid(
                "a cluster's client must be connected, and not asynchronous",
                received=cluster,
                hint="Make it with Client(address).",
            )
        yield cluster
        return
    client = _connect(cluster)
    try:
        yield client
    finally:
        with _quiet(), contextlib.suppress(Exception):
            client.close(timeout=CONNECT_SECONDS)


def _connect(address: object) -> "Client":
    from distributed import Client

    if not isinstance(address, str) or not re.fullmatch(r"((tcp|tls|wss?)://)?[^/:]+:\d+", address):
        raise invalid(
            "a cluster is given by its scheduler's address or by a connected dask.distributed.Client",
            received=repr(address),
            hint="Write tcp://HOST:8786, or pass a Client.",
        )
    try:
        with _quiet():
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # anything may answer at an address
        raise invalid(
            "the scheduler of the cluster must answer",
            received=f"no answer from {address} ({type(error).__name__})",
            hint="Start one with `dask scheduler` and give the address that it prints; nothing stored is lost.",
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Inside this context, Dask logs no traceback about a scheduler that is gone; the caller reports it in one line."""
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
