"""Signs of verdicts can be read and told apart."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sharedtrunk import plots
from sharedtrunk.errors import InputError

CLAIMS = ("holds", "fails", "undecided", "not measured")
EFFECTS = ("helps", "no difference", "cannot tell yet", "hurts")


def luminance(colour):
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize(
    ("sign", "verdicts", "wrong", "rule"),
    [
        (plots.verdict_sign, CLAIMS, "perhaps", r"a verdict is one of holds, fails.*got 'perhaps'"),
        (plots.effect_sign, EFFECTS, "holds", r"the verdict on an effect is one of helps, .*hurts; got 'holds'"),
    ],
)
def test_signs_are_legible_and_distinct(sign, verdicts, wrong, rule):
    signs = [sign(verdict) for verdict in verdicts]
    assert len({each.mark for each in signs}) == len({each.ink for each in signs}) == 4
    for each in signs:
        # WCAG's contrast for text: of the ink on white and on its own ground
        assert 1.05 / (luminance(each.ink) + 0.05) >= 4.5
        assert (luminance(each.ground) + 0.05) / (luminance(each.ink) + 0.05) >= 4.5
    with pytest.raises(InputError, match=rule):
        sign(wrong)
