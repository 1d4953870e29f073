"""Widths of batches from the cache, and lanes that leave a batch when they are settled."""

import numpy as np
import pytest

from sharedtrunk.experiments import _batches, standard_lanes
from sharedtrunk.experiments._batches import batch_width, lane_bytes
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.legs import batches


def test_bytes_of_a_lane_are_counted():
    """8 copies of 100 × 100 + 20 × 100 weights and two of 20 × 800 logits, 4 bytes each."""
    assert lane_bytes(StandardSettings(tasks=2), 800) == 4 * (8 * 12_000 + 2 * 20 * 800)
    assert lane_bytes(StandardSettings(tasks=2, classes=3, rank=3), 100) == 4 * (8 * 10_600 + 2 * 6 * 100)


@pytest.mark.parametrize("samples", [100, 800, 1600])
@pytest.mark.parametrize("lanes", [1, 7, 35, 240])
def test_a_batch_fits_the_cache_and_batches_are_alike(samples, lanes):
    settings = StandardSettings(tasks=2)
    width = batch_width(settings, lanes, samples)
    assert width * lane_bytes(settings, samples) <= _batches.CACHE_BYTES
    assert -(-lanes // width) * width - lanes < -(-lanes // width)  # less than one filled-up place a batch


def test_one_lane_that_is_too_large_trains_alone(monkeypatch):
    monkeypatch.setattr(_batches, "CACHE_BYTES", 1)
    assert batch_width(StandardSettings(tasks=2), 5, 100) == 1


def test_an_accelerator_takes_all_lanes_at_once(monkeypatch):
    monkeypatch.setattr(_batches.jax, "default_backend", lambda: "gpu")
    assert batch_width(StandardSettings(tasks=2), 240, 1600) == 240


def test_the_last_batch_is_filled_up():
    cut = list(batches(np.array([4, 1, 7, 2, 5]), 3))
    np.testing.assert_array_equal(cut, [[4, 1, 7], [2, 5, 5]])


@pytest.mark.long
def test_lanes_of_all_main_tasks_train_as_one_batch_as_on_an_accelerator(monkeypatch):
    """The path of an accelerator, taken here: lanes with different main tasks in one chunk and one batch."""
    settings = {"tasks": 2, "classes": 4, "rank": 4, "features": 12, "hidden": 12, "coarse_points": 256}
    lanes = [
        {"n_samples": 60, "seed": 3, "s_main": s, "s_aux": 3.0, "relatedness": r}
        for s in (0.3, 10.0)
        for r in (0.0, 1.0)
    ]
    narrow = [standard_lanes(settings, lanes[:2]), standard_lanes(settings, lanes[2:])]
    monkeypatch.setattr(_batches.jax, "default_backend", lambda: "gpu")
    wide = standard_lanes(settings, lanes)
    for name in ("loss", "loss_honest", "accuracy", "weights"):
        assert wide[name].shape == (4, *narrow[0][name].shape[1:])
    np.testing.assert_allclose(wide["loss"], np.concatenate([part["loss"] for part in narrow]), atol=5e-4)
