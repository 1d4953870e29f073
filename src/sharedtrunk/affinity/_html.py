"""Advice and matrix in a notebook: a table and the picture, in one piece of HTML that asks nothing of the network."""

import base64
import html

import pandas as pd

from sharedtrunk.affinity import _wording as wording
from sharedtrunk.affinity._pictures import picture_bytes
from sharedtrunk.affinity._records import AdviceRecord, Effect, MatrixRecord

_MATRIX_ROWS = 20
"""Pairs of tasks in the table of a matrix; the picture has all of them."""


def advice_html(advice: AdviceRecord) -> str:
    """The table of auxiliary tasks, what follows from it, and the picture."""
    table = _table(
        [
            {"auxiliary": each.name, "labels": each.labels} | _cells(each.effect, wording.unit(advice.conditions))
            for each in advice.auxiliaries
        ]
    )
    return _page(wording.title(advice), table, wording.sentences(advice), advice)


def matrix_html(matrix: MatrixRecord) -> str:
    """The table of the pairs with the largest effects in standard errors, the groups, and the picture."""
    pairs = sorted(matrix.effects.items(), key=lambda pair: wording.certainty(pair[1]), reverse=True)
    unit = wording.matrix_unit(matrix)
    rows = [{"main": main, "auxiliary": other} | _cells(effect, unit) for (main, other), effect in pairs[:_MATRIX_ROWS]]
    sentences = [("So far", sentence) for sentence in matrix.unfinished]
    return _page(wording.matrix_title(matrix), _table(rows), [*sentences, ("Groups", wording.grouping(matrix))], matrix)


def _cells(effect: Effect, unit: str) -> dict[str, str | int]:
    return {
        f"benefit ({unit})": wording.interval(effect.benefit, 3).replace("\n", " "),
        "accuracy (points)": wording.interval(effect.accuracy, 1).replace("\n", " "),
        "verdict": effect.verdict,
        "splits": effect.benefit.n,
    }


def _table(rows: list[dict]) -> str:
    # As objects: strings of Arrow refuse half a surrogate pair.
    return pd.DataFrame(rows, dtype=object).to_html(index=False, escape=True, border=0)


def _page(title: str, table: str, sentences: list[tuple[str, str]], made: AdviceRecord | MatrixRecord) -> str:
    lines = "".join(f"<li><b>{html.escape(word)}</b> {html.escape(text)}</li>" for word, text in sentences)
    picture = base64.b64encode(picture_bytes(made, "png")).decode()
    image = f'<img alt="{html.escape(title)}" style="max-width: 100%" src="data:image/png;base64,{picture}">'
    page = f"<div><p><b>{html.escape(title)}</b></p>{table}<ul>{lines}</ul>{image}</div>"
    return page.encode("utf-8", "backslashreplace").decode()  # a name from an array can hold half a surrogate pair
