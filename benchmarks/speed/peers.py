"""PyTorch: a module trained in a loop, as a researcher writes it, and the same module vmapped over lanes."""

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap

from .problem import STEP, Lanes, Train


class Student(nn.Module):
    """A trunk that all tasks share and one linear head per task, no biases."""

    def __init__(self, lanes: Lanes):
        super().__init__()
        layers = []
        for weights in lanes.trunk:
            layers.append(_linear(weights))
            if lanes.case.activation == "relu":
                layers.append(nn.ReLU())
        self.trunk = nn.Sequential(*layers)
        self.heads = nn.ModuleList(_linear(weights) for weights in lanes.heads)

    def forward(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """Every task's logits (sample, class)."""
        hidden = self.trunk(inputs)
        return [head(hidden) for head in self.heads]


def _linear(weights: np.ndarray) -> nn.Linear:
    layer = nn.Linear(weights.shape[1], weights.shape[0], bias=False, dtype=torch.tensor(weights).dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights))
    return layer


def module_loop(lanes: Lanes) -> Train:
    """One student after the other: forward, backward, a step of `torch.optim.SGD`."""
    inputs, labels = torch.tensor(lanes.inputs), torch.tensor(lanes.labels)
    entropy = nn.CrossEntropyLoss()

    def train(steps: int) -> list[np.ndarray]:
        trained = []
        for lane in range(lanes.count):
            student = Student(lanes)
            optimizer = torch.optim.SGD(student.parameters(), lr=STEP)
            first, second = labels[0, lane], labels[1, lane]
            for _ in range(steps):
                optimizer.zero_grad()
                outputs = student(inputs)
                loss = entropy(outputs[0], first) + entropy(outputs[1], second)
                loss.backward()
                optimizer.step()
            trained.append([w.detach().numpy() for w in student.parameters()])
        return [np.stack(layer) for layer in zip(*trained, strict=True)]

    return train


def vmapped(lanes: Lanes) -> Train:
    """`torch.func`: vmap over lanes of the module's gradient, weights updated in place."""
    return _vmapped(lanes, compiled=False)


def vmapped_compiled(lanes: Lanes) -> Train:
    """The same, with each step compiled as one graph; a graph break is an error."""
    return _vmapped(lanes, compiled=True)


def _vmapped(lanes: Lanes, *, compiled: bool) -> Train:
    inputs, labels = torch.tensor(lanes.inputs), torch.tensor(lanes.labels)
    student = Student(lanes)
    start = {name: weights.detach() for name, weights in stack_module_state([student] * lanes.count)[0].items()}
    entropy = nn.CrossEntropyLoss()

    def loss(params, labels):
        outputs = functional_call(student, params, (inputs,))
        return entropy(outputs[0], labels[0]) + entropy(outputs[1], labels[1])

    gradient = vmap(grad(loss), in_dims=(0, 1))

    def step(params):
        slopes = gradient(params, labels)
        for name, weights in params.items():
            weights.sub_(slopes[name], alpha=STEP)

    advance = compile_whole(step) if compiled else step

    def train(steps: int) -> list[np.ndarray]:
        params = {name: weights.clone() for name, weights in start.items()}
        with torch.no_grad():
            for _ in range(steps):
                advance(params)
        return [weights.numpy() for weights in params.values()]

    return train


def compile_whole(step):
    """`torch.compile` for these shapes alone, as one graph. `mode="max-autotune"` picks the same matrix products."""
    return torch.compile(step, fullgraph=True, dynamic=False)


def forget_compiled() -> None:
    """Forget what was compiled for other cases: PyTorch gives up on a function that it has compiled eight times."""
    torch.compiler.reset()


def compiled_graphs() -> int:
    """How many graphs have been compiled in this process; the number does not grow if the compiler is disabled."""
    from torch._dynamo.utils import counters

    return counters["stats"]["unique_graphs"]
