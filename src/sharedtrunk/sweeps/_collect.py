"""From stored chunks to a labelled dataset, whose dims are the axes of the grid, then each variable's own."""

from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.sweeps._job import mismatch
from sharedtrunk.sweeps._plan import Chunk, describe, plan
from sharedtrunk.sweeps._shard import Arrays, DamagedShardError
from sharedtrunk.sweeps._store import Store
from sharedtrunk.sweeps._sweep import Sweep, Variable

if TYPE_CHECKING:
    import xarray


def collect(sweep: Sweep, store: Store) -> "xarray.Dataset":
    """Make the dataset of a finished sweep; its arrays have the same bytes however the sweep was run.

    Parameters
    ----------
    sweep
        The specification.
    store
        Where `run` stored its chunks.

    Returns
    -------
    xarray.Dataset
        Variables with dims (*grid, *own) and attributes `units`, `long_name` and the flags of codes. Coordinates are the
        grid's values. The dataset has no attributes of its own.

    Raises
    ------
    InputError
        While a chunk is missing or damaged, or where a variable differs in type or shape between chunks.
    """
    import xarray  # imported here: workers import this package but never need xarray

    shards = _shards(sweep, store)
    indices = {axis: {value: index for index, value in enumerate(values)} for axis, values in sweep.grid.axes.items()}
    variables = {
        name: ((*sweep.grid.dims, *variable.dims), _gather(sweep, name, shards, indices), _attributes(variable))
        for name, variable in sweep.variables.items()
    }
    return xarray.Dataset(variables, coords={axis: list(values) for axis, values in sweep.grid.axes.items()})


def _shards(sweep: Sweep, store: Store) -> list[tuple[Chunk, Arrays]]:
    wanted = {name: variable.dims for name, variable in sweep.variables.items()}
    shards: list[tuple[Chunk, Arrays]] = []
    unfit: list[tuple[Chunk, str]] = []
    chunks = plan(sweep)
    for chunk in chunks:
        try:
            arrays = store.read(chunk)
        except DamagedShardError as error:
            unfit.append((chunk, str(error)))
            continue
        complaint = "it is missing" if arrays is None else mismatch(arrays, wanted, len(chunk.lanes))
        if arrays is None or complaint is not None:
            unfit.append((chunk, str(complaint)))
        else:
            shards.append((chunk, arrays))
    if unfit:
        chunk, complaint = unfit[0]
        raise invalid(
            f"every chunk of sweep {sweep.name!r} must be stored before its dataset is made",
            received=f"{len(shards)} of {len(chunks)} in {store.path}; first gap: {complaint}, {describe(chunk.lanes)}",
            hint=f"Run the sweep {sweep.name!r} again with the same folder: it computes only what is missing.",
        )
    return shards


def _gather(sweep: Sweep, name: str, shards: list[tuple[Chunk, Arrays]], indices: dict[str, dict]) -> np.ndarray:
    kinds = {(arrays[name].dtype, arrays[name].shape[1:]) for _, arrays in shards}
    if len(kinds) > 1:
        raise invalid(
            f"variable {name!r} must have one type and shape in all lanes of sweep {sweep.name!r}",
            received=" and ".join(sorted(f"{kind} {shape}" for kind, shape in kinds)),
            hint="Pad the arrays in the chunk function, or run each group as a sweep of its own.",
        )
    ((kind, trailing),) = kinds
    whole = np.empty((*sweep.grid.shape, *trailing), kind)
    for chunk, arrays in shards:
        index = tuple(np.array([indices[axis][lane[axis]] for lane in chunk.lanes]) for axis in sweep.grid.dims)
        whole[index] = arrays[name]
    return whole


def _attributes(variable: Variable) -> dict[str, object]:
    attributes: dict[str, object] = {"units": variable.units, "long_name": variable.long_name}
    if variable.flags:
        # As in the CF conventions: words without blanks, separated by blanks.
        attributes["flag_values"] = np.array(list(variable.flags), np.int32)
        attributes["flag_meanings"] = " ".join(word.replace(" ", "_") for word in variable.flags.values())
    return {name: value for name, value in attributes.items() if not (isinstance(value, str) and not value)}
