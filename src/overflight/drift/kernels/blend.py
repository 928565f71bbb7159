"""Trilinear wind lookup with one vector load a corner.

Winds lie in memory as ``[lat][lon][level][u0, v0, u1, v1]`` (0 and 1: two times). A corner's two adjacent levels are
therefore eight neighbouring float32, and a whole lookup (four corners, two levels, two times, two components) is
four 8-wide loads. LLVM does not find this from scalar code, so the lookup is written as LLVM vectors, which every
processor's back end lowers to its own registers.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

_F32 = ir.FloatType()
_I32 = ir.IntType(32)
_FLAGS = ("contract", "reassoc", "nsz")


def _load(builder: Any, data: Any, offset: Any, width: int) -> Any:
    pointer = builder.bitcast(builder.gep(data, [offset]), ir.VectorType(_F32, width).as_pointer())
    return builder.load(pointer, align=4)


def _splat(builder: Any, value: Any, width: int) -> Any:
    undefined = ir.Constant(ir.VectorType(_F32, width), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_I32, width), [0] * width))


def _lerp(builder: Any, a: Any, b: Any, weight: Any) -> Any:
    return builder.fadd(a, builder.fmul(weight, builder.fsub(b, a, flags=_FLAGS), flags=_FLAGS), flags=_FLAGS)


def _half(builder: Any, vector: Any, lanes: list[int]) -> Any:
    undefined = ir.Constant(vector.type, ir.Undefined)
    return builder.shuffle_vector(vector, undefined, ir.Constant(ir.VectorType(_I32, len(lanes)), lanes))


def _horizontal(
    builder: Any, data: Any, offset: Any, strides: tuple[Any, Any], weights: tuple[Any, Any], width: int
) -> Any:
    s_lon, s_lat = strides
    north = builder.add(offset, s_lat)
    corners = [
        _load(builder, data, o, width) for o in (offset, builder.add(offset, s_lon), north, builder.add(north, s_lon))
    ]
    east = _splat(builder, weights[0], width)
    south_row = _lerp(builder, corners[0], corners[1], east)
    north_row = _lerp(builder, corners[2], corners[3], east)
    return _lerp(builder, south_row, north_row, _splat(builder, weights[1], width))


def _pair(context: Any, builder: Any, signature: Any, first: Any, second: Any) -> Any:
    return context.make_tuple(builder, signature.return_type, (first, second))


@intrinsic
def _wind_at(typingctx, w, offset, s_lon, s_lat, fx, fy, level_weight, time_weight):
    """Return (u, v) float32: bilinear in place, linear in level and time.

    ``w`` float32 flat ``[lat][lon][level][u0, v0, u1, v1]``; ``offset`` uint64 of the south-west corner at the lower
    level; ``s_lon``, ``s_lat`` uint64 strides; the rest float32 weights in [0, 1].
    """
    signature = types.UniTuple(types.float32, 2)(w, *(types.uint64,) * 3, *(types.float32,) * 4)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        column = _horizontal(builder, data, args[1], (args[2], args[3]), (args[4], args[5]), 8)
        low, high = _half(builder, column, [0, 1, 2, 3]), _half(builder, column, [4, 5, 6, 7])
        both = _lerp(builder, low, high, _splat(builder, args[6], 4))
        pair = _lerp(builder, _half(builder, both, [0, 1]), _half(builder, both, [2, 3]), _splat(builder, args[7], 2))
        return _pair(context, builder, sig, *(builder.extract_element(pair, ir.Constant(_I32, i)) for i in (0, 1)))

    return signature, codegen


@intrinsic
def _bracket_at(typingctx, c, offset, s_lon, s_lat, fx, fy, time_weight):
    """Return (lower, upper) float32: a scalar field at a level and the one above it.

    ``c`` float32 flat ``[lat][lon][level][c0, c1]``; other arguments as in ``wind_at``.
    """
    signature = types.UniTuple(types.float32, 2)(c, *(types.uint64,) * 3, *(types.float32,) * 3)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        column = _horizontal(builder, data, args[1], (args[2], args[3]), (args[4], args[5]), 4)
        first, second = _half(builder, column, [0, 2]), _half(builder, column, [1, 3])
        pair = _lerp(builder, first, second, _splat(builder, args[6], 2))
        return _pair(context, builder, sig, *(builder.extract_element(pair, ir.Constant(_I32, i)) for i in (0, 1)))

    return signature, codegen


# What a caller sees has one argument fewer than what is written: numba gives the first.
wind_at: Any = _wind_at
bracket_at: Any = _bracket_at
