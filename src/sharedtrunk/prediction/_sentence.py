"""Which method to believe here, and why, in one sentence; one more is for weight decay. Every word follows from the numbers.

A theory *agrees* with the simulation where the whole 95 % interval of their paired difference lies within a tolerance that
does not depend on the number of seeds: `NEGLIGIBLE` nats or a tenth of the simulated benefit, whichever is more. A theory
*misses* the simulation where the interval lies wholly outside the tolerance, and is *open* otherwise, until more seeds
decide. A method that lost seeds, or did not reach its minima by the time limit, never counts as agreeing, and the sentence
says so.

The theory of weight decay speaks of another training and of infinite size, so it is never compared with the others.
"""

from collections.abc import Mapping

from sharedtrunk._support.statistics import Estimate, estimate
from sharedtrunk.prediction._prediction import Answer, Method
from sharedtrunk.prediction._setting import Setting

NEGLIGIBLE = 0.01
"""A difference of benefits below this many nats changes no decision."""
SHARE = 0.1
"""A theory may be off by this share of the benefit."""
COMPARED: tuple[Method, ...] = ("closure", "population")

_NAMES: dict[Method, str] = {
    "closure": "the closure",
    "population": "the population flow",
    "simulation": "the simulation",
}
_LEADS = {
    ("closure", "population"): "Believe any of the three",
    ("closure",): "Believe the closure and the simulation alike",
    ("population",): "Believe the simulation, or the population flow",
    (): "Believe the simulation alone",
}


def sentence(setting: Setting, answers: Mapping[Method, Answer], features: int, *, time_limit: float = 500.0) -> str:
    """Which method to believe at this setting, and why; and the benefit with weight decay, where it is among the answers.

    Parameters
    ----------
    setting
        The setting that is predicted.
    answers
        The answers by method.
    features
        N_f, which the sentence mentions.
    time_limit
        Training time up to which every method ran.

    Returns
    -------
    str
        The sentence, with its full stop, and a second one for weight decay.
    """
    early: dict[Method, Answer] = {name: answer for name, answer in answers.items() if name != "decay"}
    first = _of_early_stopping(setting, early, features, time_limit)
    return f"{first} {_of_decay(setting, answers['decay'], features)}" if "decay" in answers else first


def _of_early_stopping(setting: Setting, answers: Mapping[Method, Answer], features: int, time_limit: float) -> str:
    usable = {name: len(answer.benefit) - answer.lost for name, answer in answers.items()}
    if all(count < 2 for count in usable.values()):
        shortage = "a single seed" if max(usable.values()) == 1 else "a run without a usable seed"
        return f"Believe none of it yet: {shortage} has no error bar; ask for more seeds."
    caveats: dict[Method, str] = {name: _caveat(name, answer, time_limit) for name, answer in answers.items()}
    at = f"N = {setting.samples} for {features} features"
    if usable.get("simulation", 0) >= 2:
        return _against_simulation(setting, answers, caveats, at)
    return _without_simulation(setting, answers, caveats, at)


def _against_simulation(
    setting: Setting, answers: Mapping[Method, Answer], caveats: Mapping[Method, str], at: str
) -> str:
    simulated = answers["simulation"].estimate()
    allowed = _allowed(simulated)
    differences = {name: _difference(answers[name], answers["simulation"]) for name in COMPARED}
    agreement = {name: "unsound" if caveats[name] else _agreement(differences[name], allowed) for name in COMPARED}
    reasons = [
        caveats[name] or _deviation(_NAMES[name], agreement[name], differences[name], allowed) for name in COMPARED
    ]
    effect = f"{_effect(setting, simulated)} at {at}; {', and '.join(reasons)}."
    if caveats["simulation"]:
        return f"Believe none without a caveat: {caveats['simulation']}; as far as it went, {effect}"
    return f"{_LEADS[tuple(name for name in COMPARED if agreement[name] == 'agrees')]}: {effect}"


def _without_simulation(
    setting: Setting, answers: Mapping[Method, Answer], caveats: Mapping[Method, str], at: str
) -> str:
    closure, population = (answers[name].estimate() for name in COMPARED)
    if "simulation" in caveats or caveats["closure"]:
        failed = ", and ".join(caveats[name] for name in ("simulation", "closure") if caveats.get(name))
        limits = caveats["population"] or f"the population flow knows nothing of the samples ({_number(population)})"
        return f"Simulate before you believe: {failed} at {at}, and {limits}."
    allowed, difference = _allowed(closure), _difference(answers["population"], answers["closure"])
    unchecked = f"no simulation has checked it at {at}"
    if not caveats["population"] and _agreement(difference, allowed) == "agrees":
        change = f"infinite data would change the benefit by less than {allowed:.3f} nats ({_signed(difference)})"
        return f"Believe either theory: {_effect(setting, closure)} by the closure, and {change}; {unchecked}."
    change = caveats["population"] or f"infinite data would change the benefit by {_signed(difference)}"
    return f"Believe the closure, which knows the samples: {_effect(setting, closure)}, while {change}; {unchecked}."


def _of_decay(setting: Setting, answer: Answer, features: int) -> str:
    """The benefit with weight decay. Below `NEGLIGIBLE` it has no sign: the nodes' error is the same for all seeds."""
    found = answer.estimate()
    instead = "With training to the minimum instead, each arm with its best weight decay,"
    if found.n == 0:
        return f"{instead} theory has no answer here."
    effect = _effect(setting, found)
    if max(abs(found.low), abs(found.high)) <= NEGLIGIBLE:
        effect = f"the effect of {setting.auxiliaries_in_words} on A is below {NEGLIGIBLE} nats ({_number(found)})"
    some = f" in {found.n} of {len(answer.benefit)} seeds" if found.left_out else ""
    size = f"N/N_f = {setting.samples / features:g}"
    return f"{instead} {effect}{some} at infinite size with {size}; no training here checks that."


def _caveat(name: Method, answer: Answer, time_limit: float) -> str:
    """Why a method cannot be believed; empty where every seed reached its minima."""
    count, found = len(answer.benefit), []
    if answer.lost:
        how = "ran away" if answer.ran_away == answer.lost else "failed"
        found.append(f"{_NAMES[name]} {how} in {answer.lost} of {count} seeds")
    if answer.unreached:
        whose = "its" if found else f"{_NAMES[name]} is unfinished: its"
        found.append(f"{whose} minimum was not reached by t = {time_limit:g} in {answer.unreached} of {count} seeds")
    return " and ".join(found)


def _difference(answer: Answer, other: Answer) -> Estimate:
    return estimate(answer.benefit - other.benefit)


def _allowed(reference: Estimate) -> float:
    return max(NEGLIGIBLE, SHARE * abs(reference.mean))


def _agreement(difference: Estimate, allowed: float) -> str:
    if -allowed <= difference.low and difference.high <= allowed:
        return "agrees"
    return "misses" if difference.low > allowed or difference.high < -allowed else "open"


def _deviation(name: str, agreement: str, difference: Estimate, allowed: float) -> str:
    words = {
        "agrees": f"{name} agrees with the simulation within {allowed:.3f} nats",
        "misses": f"{name} misses the simulation by more than {allowed:.3f} nats",
        "open": f"{difference.n} seeds leave open whether {name} agrees with the simulation within {allowed:.3f} nats",
    }
    return f"{words[agreement]} ({_signed(difference)})"


def _effect(setting: Setting, found: Estimate) -> str:
    who, several = setting.auxiliaries_in_words, len(setting.auxiliaries) > 1
    if found.low > 0:
        return f"{who} together help A ({_number(found)})" if several else f"B helps A ({_number(found)})"
    if found.high < 0:
        return f"{who} together hurt A ({_number(found)})" if several else f"B hurts A ({_number(found)})"
    effect = f"the effect of {who} on A" if several else "B's effect on A"
    return f"{effect} cannot be told from zero ({_number(found)})"


def _number(found: Estimate) -> str:
    if found.n < 2:
        return f"{found.mean:+.3f} nats, no error" if found.n else "no number"
    return f"{found.mean:+.3f} nats, 95 % interval {found.low:+.3f} … {found.high:+.3f}"


def _signed(difference: Estimate) -> str:
    return f"{difference.mean:+.3f} ± {(difference.high - difference.low) / 2:.3f} nats"
