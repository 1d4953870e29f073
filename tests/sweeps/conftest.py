"""What the tests of this room share: the toy functions where workers can import them, and a way to see bytes."""

import socket
import sys
from pathlib import Path

import pytest

# Workers inherit sys.path, so the toys are importable there whatever pytest's import mode is.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def stored_bytes():
    """The bytes of every file in a store, hidden ones too, by name."""

    def read(store):
        return {path.name: path.read_bytes() for path in store.folder.iterdir() if path.is_file()}

    return read


@pytest.fixture
def free_port():
    """A port of this machine at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
