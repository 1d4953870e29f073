"""Does a second question help a PyTorch module of your own? `advise` trains it in a plain loop, with and without.

The module has a trunk and one head per task. One digit in seven has its label; whether it is even or odd is known of all.
Run: pip install torch, then python examples/own_torch_model.py (a minute)
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from sharedtrunk.affinity import AuxiliaryTaskAdvisor, OwnModel

STEPS = 150


class TwoHeads(nn.Module):
    """One hidden layer for all tasks, one linear head for each."""

    def __init__(self, features: int, classes: dict[str, int]):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(features, 64), nn.ReLU())
        self.heads = nn.ModuleDict({task: nn.Linear(64, size) for task, size in classes.items()})

    def forward(self, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        hidden = self.trunk(inputs)
        return {task: head(hidden) for task, head in self.heads.items()}


def fit(inputs: np.ndarray, labels: dict[str, np.ndarray]) -> TwoHeads:
    """Train on class codes by task, −1 where a label is missing; the main task comes first."""
    torch.manual_seed(0)
    X = torch.as_tensor(inputs, dtype=torch.float32)
    targets = {task: torch.as_tensor(codes) for task, codes in labels.items()}
    model = TwoHeads(X.shape[1], {task: int(codes.max()) + 1 for task, codes in labels.items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        logits = model(X)
        loss = sum(nn.functional.cross_entropy(logits[task], targets[task], ignore_index=-1) for task in targets)
        loss.backward()
        optimizer.step()
    return model


def predict(model: TwoHeads, inputs: np.ndarray) -> np.ndarray:
    """Probabilities of the main task's classes, whose head is the first."""
    with torch.no_grad():
        logits = model(torch.as_tensor(inputs, dtype=torch.float32))
    return next(iter(logits.values())).softmax(1).numpy()


def main() -> None:
    pixels, digit = load_digits(return_X_y=True)
    pixels, digit = pixels[:1000], digit[:1000]
    known = np.random.default_rng(0).permutation(len(digit)) < 150
    labels = np.column_stack([np.where(known, digit, np.nan), digit % 2])
    model = OwnModel(fit, predict, name="TwoHeads")
    advisor = AuxiliaryTaskAdvisor(main=0, estimator=model, repeats=1, choose=False).fit(pixels, labels)
    print(advisor.to_frame()[["auxiliary", "benefit", "benefit_low", "benefit_high", "verdict"]])


if __name__ == "__main__":
    main()
