"""Useful floating-point operations of one student-step, a multiplication and an addition counted as two.

Only what the gradient needs is counted, computed in the cheapest known way: a path gets no credit for doing more.
"""

from sharedtrunk.errors import invalid

from .problem import CLASSES, FEATURES, HIDDEN, TASKS, Case


def student_step(case: Case) -> int:
    """Operations of the matrix products of one full-batch step of one student.

    Linear students, per task: logits W X and moment P Xᵀ (two passes over the data), and three products with the layers: the
    composite, the head's drive D trunkᵀ and the trunk's headᵀ D. ReLU students, layer by layer: forward, the weights'
    gradients (as much again), and the gradients of every layer's input but the first's. Raises `InputError` for deep linear
    students.
    """
    if case.activation == "linear":
        if case.layers != 1:
            raise invalid("Linear students are counted with one hidden layer", received=case.layers, hint="Use ReLU")
        passes = 2 * CLASSES * FEATURES * case.samples
        products = 3 * CLASSES * FEATURES * HIDDEN
        return 2 * TASKS * (passes + products)
    first = FEATURES * HIDDEN
    above = (case.layers - 1) * HIDDEN * HIDDEN + TASKS * CLASSES * HIDDEN
    return 2 * case.samples * (2 * first + 3 * above)
