"""Tests of TAG and gradient cosine on problems where the result can be derived by hand."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from benchmarks.affinity.baselines import cosine, tag
from benchmarks.affinity.baselines._network import AUX, MAIN, Labelled, SharedTrunk
from benchmarks.affinity.tests.baseline_problems import few_and_many, noisy_main, sign_of_octant

pytestmark = pytest.mark.usefixtures("short_trainings")


def quadratic(parameter, minimum: float, stiffness: float):
    def loss():
        return stiffness / 2 * (parameter - minimum) ** 2

    return loss


@pytest.mark.parametrize(("stiffness", "step"), [(1.0, 0.1), (3.0, 0.2)])
def test_lookahead_of_two_parabolas(stiffness, step):
    # At θ = 5 with minima 1 (A) and 2 (B): θ' = 5 − 3·stiffness·step, and Z = 1 − ((θ' − 1)/4)².
    parameter = torch.tensor(5.0, dtype=torch.float64, requires_grad=True)
    main, aux = quadratic(parameter, 1.0, 7.0), quadratic(parameter, 2.0, stiffness)
    expected = 1 - ((5 - 3 * stiffness * step - 1) / 4) ** 2
    np.testing.assert_allclose(tag.lookahead_affinity(main, aux, [parameter], step), expected, rtol=1e-12)
    assert parameter.item() == 5.0


def test_lookahead_is_zero_without_a_gradient_and_negative_against_it():
    parameter = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    main = quadratic(parameter, 0.0, 1.0)
    assert tag.lookahead_affinity(main, quadratic(parameter, 2.0, 1.0), [parameter], 0.1) == 0
    # B pulls from 2 towards 4: θ' = 2.2, Z = 1 − 1.1².
    pulled = tag.lookahead_affinity(main, quadratic(parameter, 4.0, 1.0), [parameter], 0.1)
    np.testing.assert_allclose(pulled, 1 - 1.1**2, rtol=1e-12)


def one_unit(trunk: float, main_head: float, aux_head: float) -> SharedTrunk:
    """h = trunk · x, logits (head · h, −head · h), double precision."""
    network = SharedTrunk(1, 1, (2, 2), "linear", seed=0).double()
    with torch.no_grad():
        network.trunk.weight.fill_(trunk)
        network.trunk.bias.zero_()
        for head, value in zip(network.heads, (main_head, aux_head), strict=True):
            head.weight.copy_(torch.tensor([[value], [-value]]))
            head.bias.zero_()
    return network


def one_point(label: int = 0) -> Labelled:
    return Labelled(torch.ones((1, 1), dtype=torch.float64), torch.tensor([label]))


def test_one_step_of_a_one_unit_network_by_hand():
    # L(h) = log(1 + e^{−2vh}); trunk weight and bias each move by −η dL_B/dh, so h moves by twice that.
    def loss(h, head):
        return np.log1p(np.exp(-2 * head * h))

    def moved(h, head):
        return h + 2 * tag.STEP * 2 * head / (1 + np.exp(2 * head * h))

    network = one_unit(trunk=0.7, main_head=1.0, aux_head=2.5)
    helped = 1 - loss(moved(0.7, 2.5), 1.0) / loss(0.7, 1.0)
    opposite = 1 - loss(moved(0.7, 1.0), 2.5) / loss(0.7, 2.5)
    assert abs(helped - opposite) > 0.01
    np.testing.assert_allclose(tag.affinity(network, one_point(), one_point()), helped, rtol=1e-10)
    mirrored = one_unit(trunk=0.7, main_head=2.5, aux_head=1.0)
    np.testing.assert_allclose(tag.affinity(mirrored, one_point(), one_point()), opposite, rtol=1e-10)


def test_affinity_uses_each_task_s_own_points():
    # The same head for both; B's point has the other label, so its step raises A's loss.
    network = one_unit(trunk=0.7, main_head=1.0, aux_head=1.0)
    assert tag.affinity(network, one_point(0), one_point(0)) > 0 > tag.affinity(network, one_point(0), one_point(1))


def test_tag_is_larger_for_the_task_with_the_smaller_loss():
    # To first order in η, Z_{B→A} L_A = η ⟨g_A, g_B⟩ = Z_{A→B} L_B, and the octant's loss is the larger one.
    data = sign_of_octant()
    assert tag.score(data, 0, None) > tag.score(data.swapped(), 0, None) > 0


def random_network(random, classes: tuple[int, int] = (3, 3)) -> SharedTrunk:
    return SharedTrunk(4, 6, classes, "relu", seed=int(random.integers(1000))).double()


def points(random, classes: int) -> Labelled:
    return Labelled(
        torch.from_numpy(random.standard_normal((20, 4))), torch.from_numpy(random.integers(0, classes, 20))
    )


def test_cosine_of_a_task_with_itself_is_one(random):
    network, shared = random_network(random), points(random, 3)
    network.heads[AUX].load_state_dict(network.heads[MAIN].state_dict())
    np.testing.assert_allclose(cosine.gradient_cosine(network, shared, shared), 1, rtol=1e-12)


def test_cosine_of_opposite_labels_is_minus_one():
    # With the logits at zero both classes have p = 1/2: flipping the labels flips p − y, and with it the gradient.
    network = one_unit(trunk=0.0, main_head=1.0, aux_head=1.0)
    np.testing.assert_allclose(cosine.gradient_cosine(network, one_point(0), one_point(1)), -1, rtol=1e-12)


def test_cosine_of_tasks_on_different_units_is_zero(random):
    network, shared = random_network(random), points(random, 3)
    with torch.no_grad():
        network.heads[MAIN].weight[:, :3] = 0
        network.heads[AUX].weight[:, 3:] = 0
    np.testing.assert_allclose(cosine.gradient_cosine(network, shared, points(random, 3)), 0, atol=1e-15)


def test_cosine_does_not_change_when_the_tasks_change_places(random):
    network, main, aux = random_network(random, (3, 2)), points(random, 3), points(random, 2)
    here = cosine.gradient_cosine(network, main, aux)
    network.heads = torch.nn.ModuleList([network.heads[AUX], network.heads[MAIN]])
    assert 0 < abs(here) < 1
    np.testing.assert_allclose(cosine.gradient_cosine(network, aux, main), here, rtol=1e-12)


@pytest.mark.parametrize(("method", "least"), [(tag, 0.0007), (cosine, 0.3)], ids=["tag", "cosine"])
def test_the_same_labels_score_higher_than_random_ones(method, least):
    many = few_and_many()
    same, random_labels = replace(many, main=many.aux), noisy_main(share=1.0)
    assert method.score(same, 0, None) > least > method.score(random_labels, 0, None)
