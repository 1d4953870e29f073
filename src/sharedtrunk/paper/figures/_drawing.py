"""Pictures of stored datasets, drawn side by side where there are several: each takes seconds of one core."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharedtrunk import sweeps

PICTURES = ("png", "pdf")


@dataclass(frozen=True)
class Picture:
    """What draws a dataset, importable by name, and the files to be drawn of it, by kind."""

    draw: Callable[[Any], Any]
    dataset: Path
    files: Mapping[str, Path]


def drawn(pictures: Sequence[Picture], processes: int | None = None) -> Iterator[tuple[Picture, dict[str, bytes]]]:
    """Every picture with its files' bytes, as they come; in this process where `processes` is 0 or 1, or one is drawn."""
    workers = min(len(pictures), sweeps.cores() if processes is None else processes)
    if workers <= 1:
        yield from ((picture, contents(picture)) for picture in pictures)
        return
    for place, files in sweeps.run_in_processes(
        _numbered, list(enumerate(pictures)), processes=workers, environment={}
    ):
        yield pictures[place], files


def contents(picture: Picture) -> dict[str, bytes]:
    """The bytes of a picture's files, by kind."""
    from sharedtrunk import plots  # matplotlib, only where a picture is drawn

    figure = picture.draw(sweeps.read_dataset(picture.dataset))
    made = {}
    for kind in picture.files:
        made[kind] = plots.render(figure, kind)
        figure.set_layout_engine("none")  # laid out once, for every kind
    return made


def _numbered(numbered: tuple[int, Picture]) -> tuple[int, dict[str, bytes]]:
    place, picture = numbered
    return place, contents(picture)
