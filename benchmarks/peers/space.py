"""The space of our own searches, for the samplers of other libraries.

Whether a technique is in is one number from 0 to 1 against its prior, so that a sampler that knows nothing draws as our random
search does. Of techniques in conflict the one drawn further below its prior stays.
"""

import math

PRIOR = 0.5


def part(name):
    return name.count("/") > (1 if name.startswith("@") else 0)


def prior(technique):
    return technique.get("prior", PRIOR / 2 if part(technique["name"]) else PRIOR)


def searched(axis):
    return axis["kind"] != "text"


def bounds(axis):
    """("choice", values), ("integer", lo, hi), ("log", lo, hi) or ("linear", lo, hi)."""
    if axis["kind"] == "choice":
        return ("choice", axis["of"])
    lo, hi = axis["range"]
    scale = axis.get("scale", "linear")
    if scale == "powers":
        return ("choice", [lo * 2**k for k in range(int(math.log2(hi / lo) + 1e-9) + 1)])
    return (scale, lo, hi)


def entries(problem):
    """Every dimension, flat: name ⇒ bounds."""
    flat = {}
    for technique in problem["techniques"]:
        flat[f"in {technique['name']}"] = ("linear", 0.0, 1.0)
        for key, axis in technique["space"].items():
            if searched(axis):
                flat[f"with {technique['name']} {key}"] = bounds(axis)
    for key, axis in problem["train"].items():
        flat[f"in train {key}"] = ("linear", 0.0, 1.0)
        flat[f"train {key}"] = bounds(axis)
    return flat


def fragment(problem, value):
    """The policy at a point. `value(name)` gives a dimension's value and is asked for no more than it needs."""
    turns = []
    for technique in problem["techniques"]:
        drawn = value(f"in {technique['name']}")
        if prior(technique) > 0 and drawn < prior(technique):
            turns.append((drawn / prior(technique), technique))
    chosen = []
    for _, technique in sorted(turns, key=lambda turn: turn[0]):
        if not any(against(technique, other) for other in chosen):
            chosen.append(technique)
    steps = [
        {
            "use": technique["name"],
            "with": {
                key: value(f"with {technique['name']} {key}") if searched(axis) else axis["default"]
                for key, axis in technique["space"].items()
            },
        }
        for technique in problem["techniques"]
        if technique in chosen
    ]
    train = {key: value(f"train {key}") for key in problem["train"] if value(f"in train {key}") < PRIOR}
    return {"steps": steps, "train": train}


def against(a, b):
    return b["name"] in a["order"].get("conflicts", []) or a["name"] in b["order"].get("conflicts", [])


def defaults(problem, usual):
    """A point that a search may begin with: everything usual at its default, or nothing."""
    point = {}
    for technique in problem["techniques"]:
        within = usual and technique.get("prior", PRIOR) >= PRIOR
        point[f"in {technique['name']}"] = 0.0 if within else 1.0
        for key, axis in technique["space"].items():
            if searched(axis):
                point[f"with {technique['name']} {key}"] = axis["default"]
    for key, axis in problem["train"].items():
        point[f"in train {key}"] = 1.0
        point[f"train {key}"] = axis["default"]
    return point


def starts(problem):
    """What our own searches begin with too: the plain policy, then the usual one."""
    return [defaults(problem, False), defaults(problem, True)]
