"""One network answers three questions about handwritten digits; many labels are missing.

One image in ten has its digit as a label; most have labels for two easier questions: even or odd, with a closed loop or
without. One trunk learns from all labels. Run: python examples/shared_trunk_classifier.py (seconds)
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sharedtrunk.affinity import SharedTrunkClassifier


def questions(digit: np.ndarray) -> pd.DataFrame:
    """One column per task. Class names may have any type; pandas' nullable types keep it when labels are missing."""
    loop = np.isin(digit, [0, 6, 8, 9])
    return pd.DataFrame({"digit": digit, "parity": np.where(digit % 2, "odd", "even"), "loop": loop}).convert_dtypes()


def with_gaps(answers: pd.DataFrame, known: dict[str, float], random: np.random.Generator) -> pd.DataFrame:
    """The answers with only a share `known` of each task's labels left."""
    present = pd.DataFrame({task: random.uniform(size=len(answers)) < share for task, share in known.items()})
    return answers.where(present)


def main() -> None:
    pixels, digit = load_digits(return_X_y=True)
    train, test, train_digit, test_digit = train_test_split(pixels, digit, test_size=0.4, random_state=0)
    answers, truth = questions(train_digit), questions(test_digit)
    labels = with_gaps(answers, {"digit": 0.1, "parity": 0.8, "loop": 0.8}, np.random.default_rng(0))

    together = SharedTrunkClassifier(random_state=0).fit(train, labels)
    print(f"{together.label_counts_} labels of {together.task_names_}, stopped after step {together.best_iter_}")
    for task, right in zip(together.task_names_, (together.predict(test) == truth).mean(), strict=True):
        print(f"  {task:6s} {right:.3f} right")
    print("an image:", dict(zip(together.task_names_, together.predict(test[:1])[0], strict=True)))

    known = labels["digit"].notna()
    alone = SharedTrunkClassifier(random_state=0).fit(train[known], labels.loc[known, "digit"])
    print(f"the digit from its own {known.sum()} labels alone: {alone.score(test, truth['digit']):.3f} right")


if __name__ == "__main__":
    main()
