"""The function of `plot_11_own_sweep.py`, in a module of its own so that worker processes can import it by name."""

import numpy as np


def largest(settings, lanes):
    """The largest singular value of a spiked matrix, and how well its feature vector is found, lane by lane."""
    classes, features = settings["classes"], settings["features"]
    value, overlap = [], []
    for lane in lanes:
        random = np.random.default_rng(lane["seed"])
        matrix = random.normal(size=(classes, features)) / np.sqrt(features)
        matrix[0, 0] += lane["s"]
        _, s, right = np.linalg.svd(matrix, full_matrices=False)
        value.append(s[0])
        overlap.append(right[0, 0] ** 2)
    return {"value": np.array(value), "overlap": np.array(overlap)}
