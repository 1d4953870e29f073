"""Which questions are asked: the full evaluation and a quick one that only shows that all of it runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .pairs import Auxiliary, Family, taken

PARTS = ("parity", "loop", "half", "prime")
UPPER = ("top_ink", "top_side", "top_width")
ANES_GROUPS = {
    "vote": (("PID", "educ", "TVnews"), ("selfLR", "ClinLR", "DoleLR", "income")),
    "PID": (("vote", "educ", "TVnews"), ("selfLR", "ClinLR", "DoleLR", "income")),
    "selfLR": (("vote", "educ", "TVnews"), ("PID", "ClinLR", "DoleLR", "income")),
    "ClinLR": (("vote", "educ", "TVnews"), ("PID", "selfLR", "DoleLR", "income")),
    "DoleLR": (("vote", "educ", "TVnews"), ("PID", "selfLR", "ClinLR", "income")),
    "educ": (("vote", "PID", "TVnews"), ("selfLR", "ClinLR", "DoleLR", "income")),
    "income": (("vote", "educ", "TVnews"), ("PID", "selfLR", "ClinLR", "DoleLR")),
    "TVnews": (("vote", "educ", "income"), ("PID", "selfLR", "ClinLR", "DoleLR")),
}
"""The other questions for each main one, in two families. None of a family's questions is among its features."""

CANCER = ("diagnosis", "texture", "smoothness", "symmetry")
NEW = 200
"""New points with auxiliary labels."""


@dataclass(frozen=True)
class Plan:
    """`families` are judged against the truth, `nulls` only for false verdicts, `curves` for the extension to 2N labels.

    The baselines also answer the first user of each family in `compared`. Sets are chosen for the first users of `chosen` and
    for `chosen_nulls`. For `whole` the truth is also measured with all labels.
    """

    families: tuple[Family, ...]
    nulls: tuple[Family, ...]
    curves: tuple[Family, ...]
    compared: tuple[Family, ...]
    chosen: tuple[Family, ...]
    chosen_nulls: tuple[Family, ...]
    whole: tuple[Family, ...]
    draws: int
    seconds: float = float("inf")
    """A baseline may use as many core seconds as the advisor, but at most these."""


def full() -> Plan:
    """The evaluation that is reported."""
    families = [
        *_digits_lower({50: 2, 100: 2, 200: 1}),
        *_digits_lower({50: 2, 100: 2}, new=NEW),
        *_digits_new({50: 2, 100: 2, 200: 1}),
        *_rotations(angles=(0, 30, 60, 90), labels=(100,), users=2),
        *_noise(shares=(0.0, 0.25, 0.5, 0.75), labels=(100,), users=2),
        *_anes({100: 2, 200: 1}),
        *_anes({400: 1}, groups="a"),
        *_anes({50: 1, 100: 1}, new=NEW),
        *_cancer(60, worlds=2),
        *_small(),
    ]
    nulls = _nulls(200, 40)
    return Plan(
        tuple(families),
        tuple(nulls),
        tuple(_curves(100, users=2)),
        compared=tuple(each for each in families if _is_compared(each)),
        chosen=tuple(each for each in families if _is_chosen(each)),
        chosen_nulls=(*nulls[:40], *nulls[200:]),
        whole=tuple(each for each in families if each.labels == 100 and not each.new and each.name != "b"),
        draws=40,
    )


def _is_compared(family: Family) -> bool:
    """About 200 trials: most questions at 100 labels, breast cancer once, and at 50 those about new digits."""
    return (
        (family.labels == 100 and family.name != "b")
        or (family.table == "digits" and family.labels == 50)
        or (family.table == "breast_cancer" and family.world == 0)
    )


def _is_chosen(family: Family) -> bool:
    """Families of several auxiliary tasks with new points: where a set can help."""
    asked = {"digits": None, "digits_lower": None, "anes96": ("vote", "PID", "ClinLR", "educ")}
    mains = asked.get(family.table, ())
    return family.labels == 100 and family.name in ("new", "a_new") and (mains is None or family.main in mains)


def quick() -> Plan:
    """A few small families of every kind."""
    families = (
        _of("digits_lower", "parity", "same", ("loop", "top_side"), 60, users=2),
        _of("digits_lower", "top_side", "new", ("digit", "top_ink"), 60, users=2, new=100, null=True),
        *_rotations(angles=(0, 90), labels=(50,), users=1, mains=("loop",)),
        _of("anes96", "vote", "a", ("PID", "educ"), 60, users=2, null=True),
    )
    nulls = tuple(_nulls(6, 1))
    curves = tuple(_curves(60, users=1, mains=("loop",)))
    return Plan(families, nulls, curves, families, families[1:2], nulls[5:], whole=families[:1], draws=8, seconds=0.5)


def doubled(family: Family) -> Family:
    """The family with twice the main labels, for a truth from rows that no user of `family` has."""
    return replace(family, labels=2 * family.labels, users=1, reserved=taken(family))


def _of(
    table: str,
    main: str,
    name: str,
    tasks: Sequence[str],
    labels: int,
    users: int,
    *,
    new: int = 0,
    null: bool = False,
) -> Family:
    """Other questions at the user's rows and at `new` ones; with `null` also shuffled labels of the first of them."""
    rows = "both" if new else "same"
    auxiliaries = [Auxiliary(task, task, _relation(main, task), rows) for task in tasks]
    if null:
        auxiliaries.append(Auxiliary("null", tasks[0], "null", rows))
    return Family(table, main, name, tuple(auxiliaries), labels, new, users)


def _relation(main: str, task: str) -> str:
    """Functions of the digit are parts of one label; all others are different questions."""
    return "part" if {main, task} <= {"digit", *PARTS} else "different"


def _digits_lower(users: dict[int, int], new: int = 0) -> list[Family]:
    """Other questions about the same pictures and `new` ones, some of them about pixels that the student does not see."""
    mains = {"digit": (*PARTS[:2], *UPPER), "top_side": ("digit", "loop", "parity", "top_ink", "top_width")}
    mains |= {"loop": ("digit", "parity", *UPPER), "parity": ("digit", "loop", *UPPER)}
    name = "new" if new else "same"
    return [
        _of("digits_lower", main, name, tasks, labels, count, new=new, null=new > 0 or labels == 100)
        for labels, count in users.items()
        for main, tasks in mains.items()
        # with five labels per class, some splits would train without one of the classes
        if not (main == "digit" and labels < 100)
    ]


def _digits_new(users: dict[int, int]) -> list[Family]:
    """Parts of one label, known at the user's points and at new ones; the same label at new points; a null."""
    families = []
    for labels, count in users.items():
        for main in ("digit", "loop", "parity", "half"):
            if main == "digit" and labels < 100:
                continue
            tasks = [task for task in ("digit", *PARTS) if task != main][:3]
            auxiliaries = [Auxiliary(task, task, "part", "both") for task in tasks]
            auxiliaries += [Auxiliary("same", main, "same", "new"), Auxiliary("null", tasks[0], "null", "both")]
            families.append(Family("digits", main, "new", tuple(auxiliaries), labels, NEW, count))
    return families


def _rotations(angles, labels, users: int, mains=("digit", "loop")) -> list[Family]:
    return [
        Family(
            "digits",
            main,
            f"turn{angle}",
            (Auxiliary(f"turned by {angle}°", main, "rotated", "new", angle),),
            n,
            NEW,
            users,
        )
        for n in labels
        for main in mains
        for angle in angles
        if not (main == "digit" and n < 100)
    ]


def _noise(shares, labels, users: int) -> list[Family]:
    return [
        Family(
            "digits",
            main,
            "noise",
            tuple(Auxiliary(f"noise {share:.0%}", main, "noisy", "new", share) for share in shares),
            n,
            NEW,
            users,
        )
        for n in labels
        for main in ("digit", "half")
        if not (main == "digit" and n < 100)
    ]


def _anes(users: dict[int, int], *, new: int = 0, groups: str = "ab") -> list[Family]:
    """Other questions about the same people and `new` ones; group a also has shuffled labels, with 100 labels or new rows."""
    return [
        _of(
            "anes96",
            main,
            f"{name}_new" if new else name,
            tasks,
            labels,
            count,
            new=new,
            null=name == "a" and (new > 0 or labels == 100),
        )
        for labels, count in users.items()
        for main, both in ANES_GROUPS.items()
        for name, tasks in zip("ab", both, strict=True)
        if name in groups
    ]


def _cancer(labels: int, worlds: int) -> list[Family]:
    return [
        Family(
            "breast_cancer",
            main,
            "same",
            (
                *(Auxiliary(task, task, "different") for task in CANCER if task != main),
                Auxiliary("null", next(task for task in CANCER if task != main), "null"),
            ),
            labels,
            world=world,
        )
        for world in range(worlds)
        for main in CANCER
    ]


def _small() -> list[Family]:
    """Tables of which too few rows remain: they illustrate and do not count."""
    asked = (
        ("wine", "cultivar", ("alcohol", "color", "malic"), 60),
        ("wine", "alcohol", ("cultivar", "color", "malic"), 60),
        ("iris", "sepal_width", ("species", "sepal_length"), 50),
        ("iris", "sepal_length", ("species", "sepal_width"), 50),
    )
    return [_of(table, main, "small", tasks, labels, users=1) for table, main, tasks, labels in asked]


NULL_SETTINGS = (
    ("anes96", "vote", "PID", 100),
    ("anes96", "PID", "educ", 60),
    ("anes96", "educ", "income", 200),
    ("digits", "loop", "parity", 50),
    ("digits", "parity", "digit", 100),
    ("digits", "digit", "parity", 100),
    ("breast_cancer", "diagnosis", "texture", 60),
    ("breast_cancer", "symmetry", "diagnosis", 100),
)


def _nulls(alone: int, threes: int) -> list[Family]:
    """Null auxiliaries, alone and in threes; every world is another draw of the user's rows and another permutation."""

    def family(number: int, name: str, several: int) -> Family:
        table, main, task, labels = NULL_SETTINGS[number % len(NULL_SETTINGS)]
        auxiliaries = tuple(Auxiliary(f"null {place}", task, "null") for place in range(several))
        return Family(table, main, name, auxiliaries, labels, world=1000 + number)

    return [family(k, "null", 1) for k in range(alone)] + [family(k, "nulls", 3) for k in range(threes)]


def _curves(labels: int, users: int, mains=("digit", "loop", "half")) -> list[Family]:
    """One auxiliary task each, its labels on new points only: they stay as they are when the main labels double."""
    kinds = {"same": "same", "parity": "part"}
    return [
        Family(
            "digits",
            main,
            f"curve_{name}",
            (Auxiliary(name, main if kind == "same" else name, kind, "new"),),
            labels,
            NEW,
            users,
        )
        for main in mains
        for name, kind in kinds.items()
    ]
