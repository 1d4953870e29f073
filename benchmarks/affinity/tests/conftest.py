"""Fixtures: a seeded random generator, and shorter trainings for tests that do not need full ones."""

import numpy as np
import pytest


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20240)


@pytest.fixture
def short_trainings(monkeypatch) -> None:
    network = pytest.importorskip("benchmarks.affinity.baselines._network")
    monkeypatch.setattr(network, "RATE", 0.005)
    monkeypatch.setattr(network, "STEPS", 150)
    monkeypatch.setattr(network, "PATIENCE", 20)
