"""Small tables on disk for the tests of reading, and the way a bad one is told."""

from pathlib import Path

import numpy as np

ROWS = 40


def columns(rows: int = ROWS, seed: int = 0) -> dict[str, list]:
    """Two measurements, a category and two tasks, without any relation."""
    rng = np.random.default_rng(seed)
    return {
        "age": rng.integers(18, 90, rows).tolist(),
        "income": np.round(rng.standard_normal(rows), 6).tolist(),
        "colour": rng.choice(["red", "green", "blue"], rows).tolist(),
        "churned": rng.choice(["yes", "no"], rows).tolist(),
        "segment": rng.integers(0, 3, rows).tolist(),
    }


def csv_text(table: dict[str, list], separator: str = ",") -> str:
    lines = [separator.join(table), *(separator.join(map(str, row)) for row in zip(*table.values(), strict=True))]
    return "\n".join(lines) + "\n"


def write_csv(path: Path, table: dict[str, list], separator: str = ",") -> Path:
    path.write_text(csv_text(table, separator), encoding="utf-8")
    return path
