"""Draw pictures from stored datasets, in parallel because each takes seconds of one core, and return their files as bytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharedtrunk import sweeps

PICTURES = ("png", "pdf")


@dataclass(frozen=True)
class Picture:
    """A function that draws a dataset (importable by name, for other processes), the dataset, and the files by kind."""

    draw: Callable[[Any], Any]
    dataset: Path
    files: Mapping[str, Path]


def drawn(pictures: Sequence[Picture], processes: int | None = None) -> Iterator[tuple[Picture, dict[str, bytes]]]:
    """Yield every picture with the bytes of its files by kind, as they are finished.

    Several pictures are drawn in `processes` worker processes, by default one per core; with 0 or 1 in this process.
    """
    workers = min(len(pictures), sweeps.cores() if processes is None else processes)
    if workers <= 1:
        yield from ((picture, contents(picture)) for picture in pictures)
        return
    numbered = list(enumerate(pictures))
    for index, files in sweeps.run_in_processes(_draw_numbered, numbered, processes=workers, environment={}):
        yield pictures[index], files


def contents(picture: Picture) -> dict[str, bytes]:
    """Draw a picture and return the bytes of its files by kind."""
    from sharedtrunk import plots  # matplotlib, only where a picture is drawn

    figure = picture.draw(sweeps.read_dataset(picture.dataset))
    files = {}
    for kind in picture.files:
        files[kind] = plots.render(figure, kind)
        figure.set_layout_engine("none")  # the first kind laid it out for all
    return files


def _draw_numbered(numbered: tuple[int, Picture]) -> tuple[int, dict[str, bytes]]:
    index, picture = numbered
    return index, contents(picture)
