"""All tables and questions, and what holds for each of them."""

from sharedtrunk.errors import invalid

from . import economy, medicine, nature, society
from .question import SHUFFLED, PublicTable, Question

TABLES: tuple[PublicTable, ...] = (*medicine.TABLES, *society.TABLES, *economy.TABLES, *nature.TABLES)

QUESTIONS: tuple[Question, ...] = tuple(
    Question(table, asked.main, asked.auxiliaries, asked.note) for table in TABLES for asked in table.asks
)


def question(name: str) -> Question:
    """The question of this name. Raises `InputError` where there is none."""
    for each in QUESTIONS:
        if each.name == name:
            return each
    raise invalid(
        "the question is in the registry", received=repr(name), hint="See `python -m benchmarks.affinity.public`."
    )


def tasks_of(table: PublicTable) -> tuple[str, ...]:
    """The tasks of all questions about the table, without their shuffled copies."""
    names = (task.removeprefix(SHUFFLED) for asked in table.asks for task in (asked.main, *asked.auxiliaries))
    return tuple(dict.fromkeys(names))
