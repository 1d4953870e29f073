"""
Advice on handwritten digits
============================

The digit of 100 images is known. For all of them we know in which pair it is (0 or 1, 2 or 3, …); a third column has these
pairs in random order, a question without an answer. Which of the two is worth training beside the digit? The advisor trains
with and without each on the same splits, and says how sure it is.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sharedtrunk.affinity import AuxiliaryTaskAdvisor

pixels, digit = load_digits(return_X_y=True)
pixels, digit = pixels[:1200], digit[:1200]
random = np.random.default_rng(0)
known = random.permutation(len(digit)) < 100
labels = np.column_stack(
    [
        np.where(known, digit, np.nan),
        digit // 2,
        random.permutation(digit // 2),
    ]
)
advisor = AuxiliaryTaskAdvisor(main=0, repeats=2, choose=False).fit(pixels, labels)
advice = advisor.to_frame()
print(advice[["auxiliary", "benefit", "benefit_low", "benefit_high", "verdict"]])

# %%
# The picture shows benefits with their 95 % intervals, in nats of held-out loss.

names = {"task1": "pair of digits", "task2": "shuffled pairs"}
figure, axes = plt.subplots(figsize=(6, 2.2))
middle = advice["benefit"].to_numpy()
sides = np.abs(advice[["benefit_low", "benefit_high"]].to_numpy().T - middle)
axes.errorbar(middle, range(len(advice)), xerr=sides, fmt="o", capsize=3)
axes.set_yticks(
    range(len(advice)), [f"{names[a]}: {v}" for a, v in zip(advice["auxiliary"], advice["verdict"], strict=True)]
)
axes.axvline(0, color="k", lw=0.8)
axes.set(xlabel="benefit for the digit (nats)", ylim=(-0.5, len(advice) - 0.5))
figure.tight_layout()
plt.show()
