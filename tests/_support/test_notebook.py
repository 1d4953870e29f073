"""Results as small tables: in a terminal, in a notebook, and where there is nothing to show yet."""

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk._support.notebook import MOST_ROWS, ShowsItself, SmallTable
from sharedtrunk.asymptotics import StateEvolution
from sharedtrunk.flows.trajectory import Trajectory


class Shown(ShowsItself):
    def _table(self):
        rows = ([str(i), f"<{i}>\n&"] for i in range(MOST_ROWS + 3))
        return SmallTable("a < b", ["x", "two\nlines"], rows, MOST_ROWS + 3)


def test_long_tables_are_cut_and_texts_escaped():
    lines = repr(Shown()).splitlines()
    assert lines[:3] == ["a < b", " x  two lines", " 0      <0> &"]
    assert lines[-1] == "… and 3 more rows"
    page = Shown()._repr_html_()
    assert "<b>a &lt; b</b>" in page
    assert "<td>&lt;0&gt;<br>&amp;</td>" in page
    assert page.count("<tr>") == MOST_ROWS + 1


def test_a_trajectory_shows_its_lanes():
    loss = jnp.array([[1.0, 0.5, 0.7], [1.0, jnp.nan, jnp.nan]])
    made = Trajectory(jnp.arange(3.0), (), jnp.array([0, 1]), generalization_loss=loss)
    lines = repr(made).splitlines()
    assert lines[0] == "Training at 3 times, 0 to 2"
    assert lines[2].split() == ["0", "0.7", "0.5", "1", "success"]
    assert lines[3].split() == ["1", "–", "1", "0", "diverged"]
    lost = Trajectory(jnp.arange(3.0), (), jnp.array(1), generalization_loss=jnp.full(3, jnp.nan))
    assert repr(lost).splitlines()[2].split() == ["–", "–", "–", "–", "diverged"]
    assert "<th>lane</th>" in made._repr_html_()
    (single,) = repr(Trajectory(jnp.arange(3.0), (), jnp.array(0))).splitlines()[2:]
    assert single.split() == ["–", "success"]


def test_a_result_without_values_shows_its_shapes():
    made = Trajectory(jnp.arange(3.0), (), jnp.array(0))
    seen = []
    jax.jit(lambda each: seen.append(repr(each)) or each.times)(made)
    assert seen[0].startswith("Trajectory(")
    assert repr(jax.tree.map(lambda leaf: leaf.dtype, made)).startswith("Trajectory(")


def test_students_at_the_minimum_show_their_losses():
    losses = np.full((2, 4, 3), 0.5) + np.arange(4)[:, None] * 0.01
    square = np.zeros((2, 4, 3, 3))
    made = StateEvolution(
        square, square, square, losses, np.full((2, 4, 2), 0.9), np.array([0.1, 0.2]), np.full(2, 4.0),
        np.array([7, 8]), np.zeros(2), np.array([0, 2]),
    )  # fmt: skip
    lines = repr(made).splitlines()
    assert lines[0] == "Students at the minimum with weight decay, of 1 task"
    assert lines[2].split()[:3] == ["4", "0.1", "0.515"]
    assert lines[3].endswith("step limit")
    assert repr(made[0]).splitlines()[2].split() == lines[2].split()
