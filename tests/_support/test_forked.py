"""A process forked after JAX was used: what would wait for JAX's threads for ever is refused within a second."""

import functools
import inspect
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import benefit, dynamics, experiments, gaussian, prediction, spectra, students, teachers
from sharedtrunk.affinity import AuxiliaryTaskAdvisor, SharedTrunkClassifier, advise, affinity_matrix
from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here"),
    pytest.mark.filterwarnings("ignore:os.fork.. was called:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

HANGING = 30  # seconds after which a child is killed
SAID = "JAX works in the process that first used it, not in one forked from that; got a process forked after JAX was used. "

X = np.random.default_rng(0).normal(size=(60, 4))
Y = (X[:, :2] + 0.1 > 0).astype(int)
KEY = jax.random.key(0)


@functools.cache
def made_before() -> dict:
    """What a user may have made before the fork; JAX has then begun."""
    return {
        "network": students.random_start(KEY, features=4, hidden=(3,), classes=(2,)),
        "problem": students.make_problem(X, [Y[:, 0]], classes=2),
        "flow": dynamics.aligned_flow(
            np.array([[1.0], [-1.0]]) / 2**0.5, np.ones(1), np.eye(3)[:, :1], inverse_temperature=None
        ),
        "start": dynamics.SingularValues((jnp.ones(1), jnp.ones(1))),
        "inputs": jnp.asarray(X),
    }


@pytest.fixture(scope="module", autouse=True)
def jax_has_begun():
    made_before()


def in_a_fork(work) -> list:
    """What `work()` returns or raises in a forked child, as JSON, and the seconds that it took there."""
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(HANGING)
        begun = time.perf_counter()
        try:
            found = ["returned", work()]
        except BaseException as error:
            found = [type(error).__name__, str(error)]
        os.write(sending, json.dumps([*found, time.perf_counter() - begun], default=repr).encode())
        os._exit(0)
    os.close(sending)
    assert os.waitpid(child, 0)[1] == 0, "the child hung"
    with os.fdopen(receiving) as said:
        return json.load(said)


def trained():
    return students.train(made_before()["network"], made_before()["problem"], np.array([0.0, 1.0]))


def solved():
    return dynamics.solve(made_before()["flow"], made_before()["start"], np.array([0.0, 1.0]))


VERBS = {
    "fit": lambda: SharedTrunkClassifier().fit(X, Y),
    "fit in float64": lambda: SharedTrunkClassifier(dtype="float64").fit(X, Y),
    "advisor": lambda: AuxiliaryTaskAdvisor().fit(X, Y),
    "advise": lambda: advise(from_arrays(X, Y), "task0", ["task1"]),
    "affinity_matrix": lambda: affinity_matrix(from_arrays(X, Y), ["task0", "task1"]),
    "free_energy": lambda: gaussian.free_energy(X[:3]),
    "free_energy of a JAX array": lambda: gaussian.free_energy(made_before()["inputs"]),
    "label_moment": lambda: gaussian.label_moment(X[:3]),
    "clean_value": lambda: spectra.clean_value(2.0, 0.5, 1.0),
    "random_teacher": lambda: teachers.random_teacher(KEY, classes=3, features=4, rank=2),
    "train": trained,
    "solve": solved,
    "benefit_bounds": lambda: benefit.benefit_bounds(X[:3], X[:3], X[:3]),
    "predict": lambda: prediction.predict(),
}


@pytest.mark.parametrize("verb", VERBS)
def test_jax_work_is_refused_within_a_second(verb):
    kind, said, seconds = in_a_fork(VERBS[verb])
    assert (kind, said[: len(SAID)]) == ("InputError", SAID)
    assert "loky" in said
    assert "spawn" in said
    assert seconds < 1


ROOMS = (gaussian, spectra, teachers, students, dynamics, benefit, experiments)
FUNCTIONS = {f"{room.__name__}.{name}": each for room in ROOMS for name, each in vars(room).items() if callable(each)}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_no_public_function_hangs(function):
    """Whatever it makes of these arguments, a public function returns or raises."""
    parameters = inspect.signature(function).parameters.values()
    given = {
        each.name: X[:3]
        for each in parameters
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    }
    asked = {each.name: 2 for each in parameters if each.default is each.empty and each.kind is each.KEYWORD_ONLY}
    in_a_fork(lambda: function(*[KEY if name == "key" else value for name, value in given.items()], **asked))


def test_a_fitted_classifier_predicts():
    model = SharedTrunkClassifier(max_iter=5, n_iter_no_change=1, tol=10.0, random_state=0).fit(X, Y)
    kind, found, _ = in_a_fork(lambda: model.predict(X).tolist())
    assert (kind, found) == ("returned", model.predict(X).tolist())


def test_multiprocessing_hands_the_error_on():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        answer = pool.apply_async(SharedTrunkClassifier().fit, (X, Y))
        with pytest.raises(InputError, match="forked after JAX was used"):
            answer.get(HANGING)


def test_what_was_forked_before_jax_began_trains():
    script = """
        import multiprocessing, warnings
        import numpy as np
        from sharedtrunk.affinity import SharedTrunkClassifier
        X = np.random.default_rng(0).normal(size=(60, 4))
        model = SharedTrunkClassifier(max_iter=5, n_iter_no_change=1, tol=10.0)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            print(pool.apply_async(model.fit, (X, X[:, 0] > 0)).get(300).n_iter_)
    """
    told = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "5"
