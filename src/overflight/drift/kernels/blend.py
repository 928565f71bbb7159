"""Trilinear wind lookup with one vector load a corner.

Winds lie in memory as ``[lat][lon][level][u0, v0, u1, v1]`` (0 and 1: two times). A corner's two adjacent levels are
therefore eight neighbouring float32, and a whole lookup (four corners, two levels, two times, two components) is
four 8-wide loads.
"""

from typing import Any

from numba.core import types
from numba.extending import intrinsic

from overflight.drift.kernels.vector import Memory, Vector, splat


def horizontal(data: Memory, offset: Any, strides: tuple[Any, Any], weights: tuple[Any, Any], count: int) -> Vector:
    """Return ``count`` neighbouring elements, bilinear between the four corners of a cell.

    ``offset`` int64 of the south-west corner; ``strides`` of longitude and latitude; ``weights`` float32 of the
    eastern and the northern side.
    """
    builder, (s_lon, s_lat) = data.builder, strides
    north = builder.add(offset, s_lat)
    east, northern = (splat(builder, weight, count) for weight in weights)
    south_row = data.read(offset, count).towards(data.read(builder.add(offset, s_lon), count), east)
    north_row = data.read(north, count).towards(data.read(builder.add(north, s_lon), count), east)
    return south_row.towards(north_row, northern)


def _pair(context: Any, builder: Any, signature: Any, both: Vector) -> Any:
    return context.make_tuple(builder, signature.return_type, (both[0], both[1]))


def memory(context: Any, builder: Any, kind: Any, array: Any) -> Memory:
    """Return the data of an array argument."""
    return Memory(builder, context.make_array(kind)(context, builder, array).data)


@intrinsic
def _wind_at(typingctx, w, offset, s_lon, s_lat, fx, fy, level_weight, time_weight):
    """Return (u, v) float32: bilinear in place, linear in level and time.

    ``w`` float32 flat ``[lat][lon][level][u0, v0, u1, v1]``; ``offset`` uint64 of the south-west corner at the lower
    level; ``s_lon``, ``s_lat`` uint64 strides; the rest float32 weights in [0, 1].
    """
    signature = types.UniTuple(types.float32, 2)(w, *(types.uint64,) * 3, *(types.float32,) * 4)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = memory(context, builder, sig.args[0], args[0])
        column = horizontal(data, args[1], (args[2], args[3]), (args[4], args[5]), 8)
        low, high = column.shuffled(column, [0, 1, 2, 3]), column.shuffled(column, [4, 5, 6, 7])
        both = low.towards(high, splat(builder, args[6], 4))
        first, second = both.shuffled(both, [0, 1]), both.shuffled(both, [2, 3])
        return _pair(context, builder, sig, first.towards(second, splat(builder, args[7], 2)))

    return signature, codegen


@intrinsic
def _bracket_at(typingctx, c, offset, s_lon, s_lat, fx, fy, time_weight):
    """Return (lower, upper) float32: a scalar field at a level and the one above it.

    ``c`` float32 flat ``[lat][lon][level][c0, c1]``; other arguments as in ``wind_at``.
    """
    signature = types.UniTuple(types.float32, 2)(c, *(types.uint64,) * 3, *(types.float32,) * 3)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = memory(context, builder, sig.args[0], args[0])
        column = horizontal(data, args[1], (args[2], args[3]), (args[4], args[5]), 4)
        first, second = column.shuffled(column, [0, 2]), column.shuffled(column, [1, 3])
        return _pair(context, builder, sig, first.towards(second, splat(builder, args[6], 2)))

    return signature, codegen


# What a caller sees has one argument fewer than what is written: numba gives the first.
wind_at: Any = _wind_at
bracket_at: Any = _bracket_at
