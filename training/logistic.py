"""Logistic regression with weighted rows, by Newton's method: a few features and some hundred rows need no library."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

STEPS = 25
SMALLEST_STEP = 1e-6


def fitted(
    rows: Sequence[Sequence[float]], labels: Sequence[int], weights: Sequence[float], *, penalty: float
) -> list[float]:
    """The bias and one coefficient a feature that make the labels likeliest; `penalty` holds the coefficients small."""
    size = len(rows[0]) + 1
    found = [0.0] * size
    for _ in range(STEPS):
        gradient = [0.0] + [-penalty * value for value in found[1:]]
        curvature = [[penalty * (i == j and i > 0) for j in range(size)] for i in range(size)]
        for row, label, weight in zip(rows, labels, weights, strict=True):
            _add_row(gradient, curvature, [1.0, *row], found, label, weight)
        step = _solved(curvature, gradient)
        found = [value + change for value, change in zip(found, step, strict=True)]
        if max(map(abs, step)) < SMALLEST_STEP:
            break
    return found


def _add_row(
    gradient: list[float],
    curvature: list[list[float]],
    row: Sequence[float],
    found: Sequence[float],
    label: int,
    weight: float,
) -> None:
    """Add what one row says to the gradient and the curvature of the likelihood."""
    odds = sum(factor * value for factor, value in zip(found, row, strict=True))
    likely = 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))
    for i, value in enumerate(row):
        gradient[i] += weight * (label - likely) * value
        for j, other in enumerate(row):
            curvature[i][j] += weight * likely * (1 - likely) * value * other


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a small system of linear equations, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = max(range(i, len(rows)), key=lambda row, column=i: abs(rows[row][column]))  # type: ignore[misc]
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(len(rows)):
            if j != i and rows[j][i]:
                factor = rows[j][i] / rows[i][i]
                rows[j] = [value - factor * other for value, other in zip(rows[j], rows[i], strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]
