"""One Runge-Kutta step of sixteen floats side by side, written in vectors of eight.

Scratch memory of a block of lanes, one flat array a type, in rows of ``LANES``:

``d``       float64: columns X and rows Y of the grid, changed by a step
``f``       float32: see the names of its rows
``corner``  uint32: offset of each lane's level in a column, then of its corner in the winds
``limits``  (period, high, low, xmax, ymax, lat0, dlat, south, north) float32: a column at or over ``high`` or under
            ``low`` is brought round by ``period``; then columns and rows are held in [0, xmax] and [0, ymax]; first
            row and spacing [rad]; rows between which a step needs nothing else
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from overflight.drift.kernels.blend import horizontal, memory
from overflight.drift.kernels.vector import I64, Memory, Vector, splat

LANES = 16
GROUP = 8
X, Y = 0, LANES
WIDE, FACTOR, STEP, BEGIN, SHARE, E0U, E0V, EDU, EDV, KU, KV, ENDU, ENDV, FX, FY = (
    LANES * row for row in (0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)
)
"""Level weights (four of each, in the order of ``wide_place``); sign and radius; step [s]; part of the segment before
the step and in it; wind error at the segment's start and its change over it [cells/s]; rates at both ends of a step;
place in the cell."""
F_ROWS = 18
LEVEL, CORNER = 0, LANES
N_LIMITS = 9

_COSINE = (2.0876757e-9, -2.75573192e-7, 2.48015873e-5, -1.3888888889e-3, 4.1666666667e-2, -0.5, 1.0)
"""Taylor series of the cosine in the square of its argument: 1e-7 up to 84 degrees."""

RK4 = ((0.0, 0.5, 0.5, 1.0), (1 / 6, 1 / 3, 1 / 3, 1 / 6))
RK2 = ((0.0, 0.5), (0.0, 1.0))
"""Where in the step each stage is, and its part of the step (Hairer, Norsett and Wanner 1993, II.1)."""


def wide_place(lane: int) -> int:
    """Return where a lane's level weight stands, four times: lanes ``i`` and ``i + 4`` are looked up together."""
    group, i = lane // GROUP * GROUP, lane % GROUP
    return WIDE + 4 * group + 8 * (i % 4) + 4 * (i // 4)


@dataclass(frozen=True, slots=True)
class _Air:
    """What all lanes share."""

    builder: Any
    w: Memory
    f: Memory
    d: Memory
    corner: Memory
    strides: tuple[Any, Any]
    limits: list[Any]
    weights: tuple[Any, Any]


def _air(context: Any, builder: Any, sig: Any, args: Any) -> _Air:
    w, f, d, corner = (
        memory(context, builder, kind, array) for kind, array in zip(sig.args[:4], args[:4], strict=True)
    )
    limits = [builder.extract_value(args[6], i) for i in range(N_LIMITS)]
    return _Air(builder, w, f, d, corner, (args[4], args[5]), limits, (args[7], args[8]))


def _inside(air: _Air, x: Vector, y: Vector) -> tuple[Vector, Vector]:
    period, high, low, xmax, ymax, *_ = air.limits
    x = x.kept("<", high, x - period)
    x = x.kept(">=", low, x + period)
    return x.kept(">", 0.0, 0.0).kept("<", xmax, xmax), y.kept(">", 0.0, 0.0).kept("<", ymax, ymax)


def _put_down(air: _Air, group: int, x: Vector, y: Vector) -> None:
    """Write where each lane is: a number is sooner repeated from memory than from inside a vector."""
    (column, wx), (line, wy) = x.whole(), y.whole()
    builder = air.builder
    s_lat, s_lon = (splat(builder, stride, GROUP).value for stride in air.strides)
    along = builder.add(builder.mul(line, s_lat), builder.mul(column, s_lon))
    air.corner.write(CORNER + group, Vector(builder, builder.add(along, air.corner.read(LEVEL + group, GROUP).value)))
    air.f.write(FX + group, x - wx)
    air.f.write(FY + group, y - wy)


def _pair(air: _Air, group: int, i: int) -> Vector:
    """Return (u0 v0 u1 v1) of lane ``i`` of a group, then of lane ``i + 4``."""
    strides = tuple(air.builder.zext(stride, I64) for stride in reversed(air.strides))
    both = []
    for lane in (group + i, group + i + 4):
        offset = air.builder.zext(air.corner.number(CORNER + lane), I64)
        weights = air.f.number(FX + lane), air.f.number(FY + lane)
        both.append(horizontal(air.w, offset, strides, weights, 8))
    low = both[0].shuffled(both[1], [0, 1, 2, 3, 8, 9, 10, 11])
    high = both[0].shuffled(both[1], [4, 5, 6, 7, 12, 13, 14, 15])
    return low.towards(high, air.f.read(wide_place(group + i), 8))


def _wind(air: _Air, group: int, weight: Vector) -> tuple[Vector, Vector]:
    """Return u and v of a group of lanes where they were put down."""
    pairs = [_pair(air, group, i) for i in range(4)]
    first, second = [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]
    before = [pairs[i].shuffled(pairs[i + 1], first) for i in (0, 2)]
    after = [pairs[i].shuffled(pairs[i + 1], second) for i in (0, 2)]
    u, v = (
        before[0].shuffled(before[1], lanes).towards(after[0].shuffled(after[1], lanes), weight)
        for lanes in ([0, 2, 8, 10, 4, 6, 12, 14], [1, 3, 9, 11, 5, 7, 13, 15])
    )
    return u, v


def _secant(air: _Air, y: Vector) -> Vector:
    lat0, dlat = air.limits[5:7]
    lat = y * dlat + lat0
    square = lat * lat
    cosine: Vector = square * _COSINE[0] + _COSINE[1]
    for coefficient in _COSINE[2:]:
        cosine = cosine * square + coefficient
    return cosine.inverse()


def _rates(air: _Air, group: int, x: Vector, y: Vector, share: float) -> tuple[Vector, Vector]:
    """Return the rates of column and row of a group of lanes, ``share`` of a step after its start. [cells/s]"""
    row = {name: air.f.read(name + group, GROUP) for name in (FACTOR, BEGIN, SHARE, E0U, E0V, EDU, EDV)}
    x, y = _inside(air, x, y)
    _put_down(air, group, x, y)
    part = row[SHARE] * share + row[BEGIN]
    w_from, rise = air.weights
    u, v = _wind(air, group, part * rise + w_from)
    u, v = u + part * row[EDU] + row[E0U], v + part * row[EDV] + row[E0V]
    return u * (row[FACTOR] * _secant(air, y)), v * row[FACTOR]


def _step(air: _Air, shares: tuple[float, ...], parts: tuple[float, ...]) -> Any:
    """Take a step of all lanes; stages run group by group, so that the processor has two chains at hand."""
    groups = range(0, LANES, GROUP)
    start = {g: (air.d.read(X + g, GROUP).single(), air.d.read(Y + g, GROUP).single()) for g in groups}
    step = {g: air.f.read(STEP + g, GROUP) for g in groups}
    rate: dict[int, tuple[Vector, Vector]] = {}
    total: dict[int, tuple[Vector, Vector]] = {}
    for stage, (share, part) in enumerate(zip(shares, parts, strict=True)):
        for g in groups:
            x, y = start[g]
            if stage:
                h = step[g] * share
                x, y = rate[g][0] * h + x, rate[g][1] * h + y
            u, v = rate[g] = _rates(air, g, x, y, share)
            total[g] = (u * part, v * part) if g not in total else (u * part + total[g][0], v * part + total[g][1])
            if not stage:
                air.f.write(KU + g, u)
                air.f.write(KV + g, v)
    calm = ir.Constant(ir.IntType(1), 1)
    for g in groups:
        x, y = (
            air.d.read(row + g, GROUP) + (change * step[g]).double()
            for row, change in zip((X, Y), total[g], strict=True)
        )
        air.d.write(X + g, x)
        air.d.write(Y + g, y)
        calm = air.builder.and_(calm, _is_calm(air, x.single(), y.single()))
    return calm


def _is_calm(air: _Air, x: Vector, y: Vector) -> Any:
    """Return whether every lane is far from the poles and the edges."""
    _, _, _, xmax, _, _, _, south, north = air.limits
    inside = [x.compares(">=", 0.0), x.compares("<", xmax), y.compares(">", south), y.compares("<", north)]
    together = inside[0]
    for one in inside[1:]:
        together = air.builder.and_(together, one)
    bits = ir.IntType(GROUP)
    return air.builder.icmp_unsigned("==", air.builder.bitcast(together, bits), ir.Constant(bits, 2**GROUP - 1))


def _signature(w: Any, f: Any, d: Any, corner: Any, answer: Any) -> Any:
    single = types.float32
    return answer(w, f, d, corner, types.uint32, types.uint32, types.UniTuple(single, N_LIMITS), single, single)


@intrinsic
def _rk4_step(typingctx, w, f, d, corner, s_lat, s_lon, limits, w_from, rise):
    """Take one step of order 4 of every lane, leave the rates at its start in KU and KV; say if all are calm after."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _step(_air(context, builder, sig, args), *RK4)

    return _signature(w, f, d, corner, types.boolean), codegen


@intrinsic
def _rk2_step(typingctx, w, f, d, corner, s_lat, s_lon, limits, w_from, rise):
    """Take one step of order 2 of every lane, leave the rates at its start in KU and KV; say if all are calm after."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _step(_air(context, builder, sig, args), *RK2)

    return _signature(w, f, d, corner, types.boolean), codegen


@intrinsic
def _rates_at_end(typingctx, w, f, d, corner, s_lat, s_lon, limits, w_from, rise):
    """Leave the rates of every lane at the end of the step just taken in ENDU and ENDV."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        air = _air(context, builder, sig, args)
        for g in range(0, LANES, GROUP):
            u, v = _rates(air, g, air.d.read(X + g, GROUP).single(), air.d.read(Y + g, GROUP).single(), 1.0)
            air.f.write(ENDU + g, u)
            air.f.write(ENDV + g, v)
        return context.get_dummy_value()

    return _signature(w, f, d, corner, types.void), codegen


# What a caller sees has one argument fewer than what is written: numba gives the first.
rk4_step: Any = _rk4_step
rk2_step: Any = _rk2_step
rates_at_end: Any = _rates_at_end
