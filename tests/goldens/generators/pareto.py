"""Writes tests/goldens/search/pareto.json: fronts, crowding distances and hypervolumes by pymoo.

It needs an environment of its own:

    python -m venv venv-pymoo
    venv-pymoo/bin/pip install pymoo==0.6.2
    venv-pymoo/bin/python tests/goldens/generators/pareto.py

All objectives are to be made small. pymoo's crowding distance is the mean over the objectives, the golden's their sum
(Deb et al. 2002). pymoo sorts points that break limits by their violation behind all others: those of equal violation
are a front here.
"""

import json
import math
import pathlib
import platform
from importlib.metadata import version

import numpy
from pymoo.indicators.hv import HV
from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "search" / "pareto.json"
GENERATED_BY = (
    f"tests/goldens/generators/pareto.py, pymoo {version('pymoo')}, numpy {version('numpy')}, "
    f"python {platform.python_version()}"
)
SEED = 1

# Name, points, objectives, whether values repeat, share of points that break limits.
CASES = [
    ("two objectives", 30, 2, False, 0.0),
    ("two objectives, values repeat", 40, 2, True, 0.0),
    ("two objectives, limits", 40, 2, False, 0.4),
    ("two objectives, a point", 1, 2, False, 0.0),
    ("three objectives", 60, 3, False, 0.0),
    ("three objectives, values repeat", 60, 3, True, 0.0),
    ("three objectives, limits", 60, 3, False, 0.4),
    ("three objectives, two points", 2, 3, False, 0.0),
]


def points_of(random, count, objectives, repeats):
    if repeats:
        return random.integers(0, 6, (count, objectives)).astype(float)
    return numpy.round(random.random((count, objectives)) * 6, 3)


def fronts_of(points, violations):
    feasible = numpy.flatnonzero(violations == 0)
    fronts = []
    if len(feasible):
        fronts = [sorted(feasible[front].tolist()) for front in NonDominatedSorting().do(points[feasible])]
    for violation in sorted(set(violations[violations > 0])):
        fronts.append(numpy.flatnonzero(violations == violation).tolist())
    return fronts


def crowding_of(front):
    if len(front) <= 2:
        return [None] * len(front)
    distances = calc_crowding_distance(front) * front.shape[1]
    return [None if math.isinf(distance) else distance for distance in distances]


def case(random, name, count, objectives, repeats, share):
    points = points_of(random, count, objectives, repeats)
    breaks = random.random(count) < share
    violations = numpy.where(breaks, random.integers(1, 5, count) / 4, 0.0)
    fronts = fronts_of(points, violations)
    reference = [5.0] * objectives
    return {
        "name": name,
        "points": points.tolist(),
        "violations": violations.tolist(),
        "fronts": fronts,
        "crowding": [crowding_of(points[front]) for front in fronts],
        "reference": reference,
        "hypervolume": float(HV(ref_point=numpy.array(reference))(points)),
    }


def main():
    random = numpy.random.default_rng(SEED)
    golden = {"__generated_by__": GENERATED_BY, "cases": [case(random, *settings) for settings in CASES]}
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(golden, indent=None, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
