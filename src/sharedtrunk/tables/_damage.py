"""A file whose content a library cannot read: one line that says why."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sharedtrunk.errors import InputError, invalid


@contextlib.contextmanager
def reporting_damage(path: Path, rule: str, hint: str) -> Iterator[None]:
    """Turn what a library raises for damaged content into an `InputError` with this rule and hint.

    Formats are parsed by code that does not check them, so a damaged file can raise nearly any exception: NumPy reads an
    array's header with Python's tokenizer, zipfile lets its decompressors' errors pass, openpyxl turns XML into objects.
    Errors of the system, which have a number, pass.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise invalid(rule, received=f"'{reason}' in {path}", hint=hint) from error
