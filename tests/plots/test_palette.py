import colorsys

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sharedtrunk import plots
from sharedtrunk.errors import InputError

LEVELS = [0.0, 0.25, 0.5, 0.75, 1.0]


def test_colours_grow_brighter_with_relatedness_and_stand_off_white():
    colours = [plots.relatedness_colour(level) for level in LEVELS]
    luminance = [np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722]) for colour in colours]
    assert np.all(np.diff(luminance) > 0.05)
    assert luminance[-1] < 0.8
    assert min(colorsys.rgb_to_hsv(*colour)[1] for colour in colours) > 0.5
    assert len({plots.relatedness_marker(level) for level in LEVELS}) == 5
    for wrong in (-0.1, 1.5, float("nan")):
        with pytest.raises(InputError, match="relatedness lies between 0 and 1"):
            plots.relatedness_colour(wrong)
