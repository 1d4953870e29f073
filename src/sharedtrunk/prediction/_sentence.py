"""One sentence: which way to believe here, and why. Every word of it follows from the numbers.

A way *agrees* with another where the whole 95 % interval of their paired difference lies within the half-width of the
other's own interval: what it misses is less than what another draw of the data would change. It *misses* the other
where that interval leaves out zero, and *cannot be told from* it otherwise.
"""

from collections.abc import Mapping

import numpy as np

from sharedtrunk._statistics import Estimate, estimate
from sharedtrunk.prediction._prediction import Way, WayName
from sharedtrunk.prediction._setting import Setting

_NAMES: dict[WayName, str] = {
    "closure": "the closure",
    "population": "the population flow",
    "simulation": "the simulation",
}


COMPARED: tuple[WayName, ...] = ("closure", "population")


def sentence(setting: Setting, ways: Mapping[WayName, Way], features: int) -> str:
    """Which of `ways` to believe at this setting, and why, in one sentence."""
    seeds = len(next(iter(ways.values())).benefit)
    lost = {name: int(np.isnan(way.benefit).sum()) for name, way in ways.items()}
    if seeds < 2 or all(seeds - count < 2 for count in lost.values()):
        return f"Believe none of it yet: {_usable(ways)} has no error bar; ask for more seeds."
    if "simulation" in ways and seeds - lost["simulation"] >= 2:
        return _against_simulation(setting, ways, lost, features)
    return _without_simulation(setting, ways, lost, features)


def _against_simulation(setting: Setting, ways, lost, features: int) -> str:
    simulated = ways["simulation"].estimate()
    told: dict[WayName, Estimate] = {name: _difference(ways[name], ways["simulation"]) for name in COMPARED}
    stand = {name: "failed" if lost[name] else _stand(told[name], simulated) for name in told}
    reasons = [_deviation(name, stand[name], told[name], lost[name], ways[name]) for name in told]
    agree = [name for name in told if stand[name] == "agrees"]
    lead = {
        ("closure", "population"): "Believe any of the three",
        ("closure",): "Believe the closure and the simulation alike",
        ("population",): "Believe the simulation, or the population flow",
        (): "Believe the simulation alone",
    }[tuple(agree)]
    return f"{lead}: {_effect(simulated)}; {' and '.join(reasons)}{_size(setting, features)}."


def _without_simulation(setting: Setting, ways, lost, features: int) -> str:
    closure, population = ways["closure"], ways["population"]
    unchecked = f"no simulation has checked it{_size(setting, features)}"
    if lost["closure"]:
        infinite = f"the population flow ({_effect(population.estimate())}) knows nothing of N = {setting.samples}"
        return f"Simulate before you believe: {_loss(closure, lost['closure'])}, and {infinite}."
    known = closure.estimate()
    difference = _difference(population, closure)
    if lost["population"] == 0 and _stand(difference, known) == "agrees":
        found = f"{_effect(known)} by the closure of N = {setting.samples} samples"
        change = f"infinite data change that by no more than the seeds do ({_signed(difference)})"
        return f"Believe either theory: {found}, and {change}; {unchecked}."
    change = f"infinite data would change that by {_signed(difference)}"
    return f"Believe the closure, which knows the samples: {_effect(known)}, while {change}; {unchecked}."


def _difference(way: Way, other: Way) -> Estimate:
    return estimate(way.benefit - other.benefit)


def _stand(difference: Estimate, reference: Estimate) -> str:
    half = (reference.high - reference.low) / 2
    if max(abs(difference.low), abs(difference.high)) <= half:
        return "agrees"
    return "untold" if difference.low <= 0 <= difference.high else "misses"


def _effect(found: Estimate) -> str:
    interval = f"{found.mean:+.3f} nats, 95 % interval {found.low:+.3f} … {found.high:+.3f}"
    if found.low > 0:
        return f"B helps A ({interval})"
    if found.high < 0:
        return f"B hurts A ({interval})"
    return f"B's effect on A cannot be told from none ({interval})"


def _deviation(name: WayName, stand: str, difference: Estimate, lost: int, way: Way) -> str:
    if stand == "failed":
        return _loss(way, lost, _NAMES[name])
    words = {"agrees": "agrees with it", "misses": "misses it", "untold": "cannot be told from it"}
    return f"{_NAMES[name]} {words[stand]} ({_signed(difference)})"


def _loss(way: Way, lost: int, name: str = "the closure") -> str:
    how = "ran away" if way.ran_away == lost else "failed"
    return f"{name} {how} in {lost} of {len(way.benefit)} seeds"


def _signed(difference: Estimate) -> str:
    return f"{difference.mean:+.3f} ± {(difference.high - difference.low) / 2:.3f} nats"


def _size(setting: Setting, features: int) -> str:
    ratio = setting.samples / features
    return f" (N = {setting.samples} is {ratio:.3g} times the number of features)"


def _usable(ways: Mapping[WayName, Way]) -> str:
    counts = {name: int(np.isfinite(way.benefit).sum()) for name, way in ways.items()}
    return "a single seed" if max(counts.values()) == 1 else "a run without a usable seed"
