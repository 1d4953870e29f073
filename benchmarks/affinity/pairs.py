"""Questions put to the advisor: a family is one main task with auxiliary tasks, and the labels that a user has of each.

A *world* is one random order of a table's rows: the users of a family take disjoint rows from its beginning, and the truth
is measured on the *remainder*, which no user has. All users of a family share the remainder, and so the truth.

Kinds of auxiliary tasks: `different`, another question; `part`, where both tasks are parts of one label or that label itself;
`same`, the same labels on new points (positive control); `noisy`, labels of which a share (the dial) is permuted; `rotated`,
the same labels on new points whose inputs are turned by an angle (the dial, degrees); `null`, all labels permuted.
"""

from dataclasses import dataclass

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table

from .sources import source_table

ENOUGH = 500
"""Rows that must remain for a truth that counts; smaller tables only illustrate."""


@dataclass(frozen=True)
class Auxiliary:
    """One auxiliary task: its source labels, what is done to them, and the rows that carry them: same, new or both."""

    name: str
    task: str
    kind: str
    rows: str = "same"
    dial: float = 0.0


@dataclass(frozen=True)
class Family:
    """A main task with `labels` labelled rows, its auxiliary tasks, and `new` further rows for those that have new points."""

    table: str
    main: str
    name: str
    auxiliaries: tuple[Auxiliary, ...]
    labels: int
    new: int = 0
    users: int = 1
    world: int = 0
    reserved: int = 0
    """Rows at the beginning of the world that the truth may not use: users of other families have them."""

    @property
    def identity(self) -> str:
        """The family's name in file names. It leaves out the users, because they share a truth."""
        kept = f".r{self.reserved}" if self.reserved else ""
        return f"{self.table}.{self.main}.{self.name}.{self.labels}.w{self.world}{kept}"

    @property
    def tasks(self) -> tuple[str, ...]:
        """Source tasks, the main one first, each once."""
        return tuple(dict.fromkeys((self.main, *(auxiliary.task for auxiliary in self.auxiliaries))))

    def source(self) -> Table:
        return source_table(self.table, self.tasks)


def rows_of_user(family: Family, user: int) -> tuple[np.ndarray, np.ndarray]:
    """Main-labelled rows (labels,) and new rows (new,) of one user. Raises `InputError` where the table is too small."""
    order, per_user = _order(family), family.labels + family.new
    if not (0 <= user < family.users and taken(family) <= order.size):
        raise invalid(
            f"users 0 … {family.users - 1} of {family.identity} have {per_user} rows each",
            received=f"user {user}, {order.size} rows in the table",
            hint="Ask for fewer users or rows.",
        )
    mine = order[user * per_user : (user + 1) * per_user]
    return mine[: family.labels], mine[family.labels :]


def remainder(family: Family) -> np.ndarray:
    """Rows that no user of the family has, and that are not reserved."""
    return _order(family)[max(taken(family), family.reserved) :]


def taken(family: Family) -> int:
    """How many rows the family's users have together."""
    return family.users * (family.labels + family.new)


def counts(family: Family) -> bool:
    """Whether enough rows remain for a truth that counts."""
    return remainder(family).size >= ENOUGH


def user_table(family: Family, user: int) -> Table:
    """All that a user has, and all that the advisor sees."""
    return with_labels(family, *rows_of_user(family, user), seed=[family.world, 1, user])


def with_labels(family: Family, main_rows: np.ndarray, new_rows: np.ndarray, *, seed: list[int]) -> Table:
    """The table of these source rows, main-labelled ones first, each auxiliary task labelled where the family says."""
    source, random = family.source(), np.random.default_rng(seed)
    rows = np.concatenate([main_rows, new_rows])
    is_new = np.arange(rows.size) >= main_rows.size
    labels = {family.main: np.where(is_new, -1, source.labels[family.main][rows])}
    classes = {family.main: source.classes[family.main]}
    for auxiliary in family.auxiliaries:
        carries = {"same": ~is_new, "new": is_new, "both": np.ones(rows.size, bool)}[auxiliary.rows]
        codes = np.where(carries, source.labels[auxiliary.task][rows], -1)
        labels[auxiliary.name] = _disturbed(auxiliary, codes, random)
        classes[auxiliary.name] = source.classes[auxiliary.task]
    features = source.features[rows]
    if any(auxiliary.kind == "rotated" and auxiliary.dial for auxiliary in family.auxiliaries):
        features[is_new] = _rotated(family, source.features, new_rows)
    return Table(features, source.feature_names, labels, classes, ())


def _order(family: Family) -> np.ndarray:
    # The seed leaves out the main task: in families of one world and size, users have the same rows.
    return np.random.default_rng([family.world, 0]).permutation(len(family.source().features))


def _disturbed(auxiliary: Auxiliary, codes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Labels with the share `dial` of the known ones permuted among themselves (all of them for a null)."""
    share = {"null": 1.0, "noisy": auxiliary.dial}.get(auxiliary.kind, 0.0)
    known = np.flatnonzero(codes >= 0)
    chosen = random.permutation(known)[: round(share * known.size)]
    codes = codes.copy()
    codes[chosen] = codes[random.permutation(chosen)]
    return codes


def _rotated(family: Family, features: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The rows' features, turned in standardized coordinates."""
    if len(family.auxiliaries) != 1:
        raise invalid(
            "rotated inputs stand alone in their family: all labels of a row share its inputs",
            received=f"{len(family.auxiliaries)} auxiliary tasks in {family.identity}",
            hint="Make one family for each angle.",
        )
    mean, scale = features.mean(axis=0), features.std(axis=0)
    turn = rotation(features.shape[1], family.auxiliaries[0].dial, seed=family.world)
    return mean + scale * ((features[rows] - mean) / scale @ turn.T)


def rotation(features: int, degrees: float, *, seed: int) -> np.ndarray:
    """An orthogonal matrix that turns every vector by the angle: ⟨x, Q x⟩ = cos θ |x|².

    Q = B diag(R_θ, …, R_θ) Bᵀ with a random orthonormal B and plane rotations R_θ. If the number of features is odd, one
    direction stays fixed.
    """
    basis = np.linalg.qr(np.random.default_rng([seed, 2]).standard_normal((features, features)))[0]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(features)
    for first in range(0, features - 1, 2):
        turn[first : first + 2, first : first + 2] = [[cosine, -sine], [sine, cosine]]
    return basis @ turn @ basis.T
