"""Numbers side by side, as LLVM sees them: a few operators over the vectors of its intermediate language.

LLVM does not turn scalar code of this kind into vectors by itself, so the inner loop of floats is written in vectors,
which every processor's back end lowers to its own registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

F32, F64, I32, I64 = ir.FloatType(), ir.DoubleType(), ir.IntType(32), ir.IntType(64)
FLAGS = ("contract", "reassoc", "nsz", "arcp")
"""What fast arithmetic may do; NaN and infinity keep their meaning."""


class Vector:
    """A vector of float32 or float64 under a builder; Python numbers and scalars join in by being repeated."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def _with(self, other: Any) -> Any:
        if isinstance(other, Vector):
            return other.value
        kind = self.value.type
        if isinstance(other, int | float):
            return ir.Constant(kind, [float(other)] * kind.count)
        return splat(self.builder, other, kind.count).value

    def __add__(self, other: Any) -> Vector:
        return Vector(self.builder, self.builder.fadd(self.value, self._with(other), flags=FLAGS))

    def __sub__(self, other: Any) -> Vector:
        return Vector(self.builder, self.builder.fsub(self.value, self._with(other), flags=FLAGS))

    def __mul__(self, other: Any) -> Vector:
        return Vector(self.builder, self.builder.fmul(self.value, self._with(other), flags=FLAGS))

    def inverse(self) -> Vector:
        """Return one over it."""
        return Vector(self.builder, self.builder.fdiv(self._with(1.0), self.value, flags=FLAGS))

    def kept(self, sign: str, bound: Any, otherwise: Any) -> Vector:
        """Return this where it compares so with ``bound``, else ``otherwise``; NaN never compares."""
        return Vector(self.builder, self.builder.select(self.compares(sign, bound), self.value, self._with(otherwise)))

    def compares(self, sign: str, bound: Any) -> Any:
        """Return one bit a lane; NaN never compares."""
        return self.builder.fcmp_ordered(sign, self.value, self._with(bound))

    def towards(self, other: Vector, weight: Vector) -> Vector:
        """Return the linear mean of this (weight 0) and another (weight 1)."""
        return self + (other - self) * weight

    def shuffled(self, other: Vector, lanes: Sequence[int]) -> Vector:
        """Return elements of this and of another, which are numbered on from this one's."""
        mask = ir.Constant(ir.VectorType(I32, len(lanes)), list(lanes))
        return Vector(self.builder, self.builder.shuffle_vector(self.value, other.value, mask))

    def whole(self) -> tuple[Any, Vector]:
        """Return whole numbers below it as int32, and as floats; for numbers of 0 or more."""
        count = self.value.type.count
        number = self.builder.fptosi(self.value, ir.VectorType(I32, count))
        return number, Vector(self.builder, self.builder.sitofp(number, self.value.type))

    def single(self) -> Vector:
        """Return it in float32."""
        return Vector(self.builder, self.builder.fptrunc(self.value, ir.VectorType(F32, self.value.type.count)))

    def double(self) -> Vector:
        """Return it in float64."""
        return Vector(self.builder, self.builder.fpext(self.value, ir.VectorType(F64, self.value.type.count)))

    def __getitem__(self, lane: int) -> Any:
        return self.builder.extract_element(self.value, ir.Constant(I32, lane))


def splat(builder: Any, value: Any, count: int) -> Vector:
    """Return a scalar repeated."""
    empty = ir.Constant(ir.VectorType(value.type, count), ir.Undefined)
    first = builder.insert_element(empty, value, ir.Constant(I32, 0))
    return Vector(builder, builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(I32, count), [0] * count)))


class Memory:
    """A flat array under a builder, read and written in vectors."""

    def __init__(self, builder: Any, data: Any) -> None:
        self.builder, self.data = builder, data

    def _at(self, offset: Any, count: int) -> Any:
        where = self.builder.gep(self.data, [ir.Constant(I64, offset) if isinstance(offset, int) else offset])
        if count == 1:
            return where
        return self.builder.bitcast(where, ir.VectorType(self.data.type.pointee, count).as_pointer())

    def _aligned(self) -> int:
        return 8 if self.data.type.pointee == F64 else 4

    def number(self, offset: Any) -> Any:
        """Return one element."""
        return self.builder.load(self._at(offset, 1), align=self._aligned())

    def read(self, offset: Any, count: int) -> Vector:
        """Return ``count`` neighbouring elements."""
        return Vector(self.builder, self.builder.load(self._at(offset, count), align=self._aligned()))

    def write(self, offset: Any, values: Vector) -> None:
        """Write a vector."""
        self.builder.store(values.value, self._at(offset, values.value.type.count), align=self._aligned())
