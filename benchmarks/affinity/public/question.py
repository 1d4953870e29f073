"""What is asked of a public table: does learning the auxiliary tasks beside the main task help it?

A *table* has features, one or several questions about the same rows, and a place in the split: a prior may be learnt from
tables of `learn`; on those of `judge` nothing is ever tuned. The split is by table, so that no question about rows that were
learnt from ever judges.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

LEARN, JUDGE = "learn", "judge"

SHUFFLED = "shuffled "
"""A task of this prefix is a copy of another one whose known labels are permuted over the rows: it cannot help."""

Recipe = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Ask:
    """One question about a table: the main task, the auxiliary tasks, and in one line what they are."""

    main: str
    auxiliaries: tuple[str, ...]
    note: str


def ask(main: str, *auxiliaries: str, note: str) -> Ask:
    return Ask(main, auxiliaries, note)


@dataclass(frozen=True)
class PublicTable:
    """One table of a package.

    source: where `packages.read` finds it. kind: medicine, society, economy or nature. split: `learn` or `judge`. features:
    names or patterns (as of file names) of feature columns, parted by spaces; `without`: the columns among them that are not
    features. Column names with spaces do not occur. asks: the questions. recipes: tasks that are made from columns; every
    other task is the column of its name. numeric: the tasks that are numbers; all others are classes. categories: features
    whose numbers are codes. dates: features that are dates. group: a column, rows of one value of which belong together.
    prepare: what is done to the rows before anything else.
    """

    name: str
    source: str
    kind: str
    split: str
    features: str
    asks: tuple[Ask, ...]
    without: str = ""
    recipes: dict[str, Recipe] = field(default_factory=dict, hash=False)  # tables are keys of caches
    numeric: str = ""
    categories: str = ""
    dates: str = ""
    group: str | None = None
    prepare: Callable[[pd.DataFrame], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Question:
    """A question with its table; `name` identifies it for good."""

    table: PublicTable
    main: str
    auxiliaries: tuple[str, ...]
    note: str

    @property
    def name(self) -> str:
        return f"{self.table.name}: {self.main} | {', '.join(self.auxiliaries)}"

    @property
    def tasks(self) -> tuple[str, ...]:
        return (self.main, *self.auxiliaries)

    @property
    def split(self) -> str:
        return self.table.split

    @property
    def kind(self) -> str:
        return self.table.kind

    @property
    def has_null(self) -> bool:
        """Whether an auxiliary task is shuffled, so that it cannot help."""
        return any(task.startswith(SHUFFLED) for task in self.auxiliaries)

    def is_numeric(self, task: str) -> bool:
        return task.removeprefix(SHUFFLED) in self.table.numeric.split()
