"""
A PyTorch module of your own
============================

The advisor measures the benefit with any model. A module in a training loop of your own is two functions: one fits on a
dict from task to class codes, −1 where a label is missing, and the other returns the main task's probabilities. PyTorch is
no dependency of the library: `pip install torch`.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sharedtrunk.affinity import AuxiliaryTaskAdvisor, OwnModel

try:
    import torch
except ImportError:
    torch = None


def fit(inputs, labels):
    """A hidden layer for all tasks and a head for each, trained by Adam with weight decay."""
    torch.manual_seed(0)
    X = torch.as_tensor(inputs, dtype=torch.float32)
    targets = {task: torch.as_tensor(codes) for task, codes in labels.items()}
    trunk = torch.nn.Sequential(torch.nn.Linear(X.shape[1], 32), torch.nn.ReLU())
    heads = torch.nn.ModuleDict({task: torch.nn.Linear(32, int(y.max()) + 1) for task, y in targets.items()})
    optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters()], lr=0.02, weight_decay=1e-3)
    for _ in range(60):
        optimizer.zero_grad()
        hidden = trunk(X)
        loss = sum(
            torch.nn.functional.cross_entropy(heads[task](hidden), y, ignore_index=-1) for task, y in targets.items()
        )
        loss.backward()
        optimizer.step()
    return trunk, next(iter(heads.values()))  # the main task comes first


def predict(model, inputs):
    """Probabilities of the main task's classes."""
    trunk, head = model
    with torch.no_grad():
        return head(trunk(torch.as_tensor(inputs, dtype=torch.float32))).softmax(1).numpy()


# %%
# One digit in four has its label; whether it is even or odd is known of all.

if torch is None:
    print("PyTorch is not installed, so there is no picture.")
else:
    torch.set_num_threads(1)
    pixels, digit = load_digits(return_X_y=True)
    pixels, digit = pixels[:600], digit[:600]
    known = np.random.default_rng(0).permutation(len(digit)) < 150
    labels = np.column_stack([np.where(known, digit, np.nan), digit % 2])
    model = OwnModel(fit, predict, name="own module")
    advisor = AuxiliaryTaskAdvisor(main=0, estimator=model, repeats=1, choose=False).fit(pixels, labels)
    row = advisor.to_frame().iloc[0]
    figure, axes = plt.subplots(figsize=(6, 1.8))
    sides = [[row.benefit - row.benefit_low], [row.benefit_high - row.benefit]]
    axes.errorbar([row.benefit], [0], xerr=sides, fmt="o", capsize=3)
    axes.axvline(0, color="k", lw=0.8)
    axes.set(yticks=[], xlabel="benefit of even-or-odd for the digit (nats)", title=f"own module: {row.verdict}")
    figure.tight_layout()
    plt.show()
