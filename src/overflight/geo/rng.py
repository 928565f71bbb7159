"""Keyed random draws: the same (seed, stream, member, step) gives the same number on any number of threads.

A counter is hashed by SplitMix64's finaliser (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195), applied
after each key is folded in; normals come from Box and Muller (1958, doi 10.1214/aoms/1177706645).
"""

import math

import numpy as np
from numpy.typing import NDArray

from overflight.geo.kernel import kernel

_TWO_PI = 2.0 * math.pi
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_ONE = np.uint64(1)


@kernel
def mix(state: np.uint64, key: np.uint64) -> np.uint64:
    """Fold ``key`` into ``state`` and scramble."""
    z = (state ^ key) + _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@kernel
def key(seed: int, stream: int, member: int, step: int) -> np.uint64:
    """Return the 64-bit state of one draw."""
    state = mix(np.uint64(seed), np.uint64(stream))
    state = mix(state, np.uint64(member))
    return mix(state, np.uint64(step))


@kernel
def uniform(state: np.uint64) -> float:
    """Return a number in (0, 1) from a state."""
    return (float(state >> _S11) + 0.5) * 1.1102230246251565e-16


@kernel
def normal_pair(state: np.uint64) -> tuple[float, float]:
    """Return two independent standard normals from a state."""
    radius = math.sqrt(-2.0 * math.log(uniform(state)))
    angle = _TWO_PI * uniform(mix(state, _ONE))
    return radius * math.cos(angle), radius * math.sin(angle)


@kernel
def _fill(seed: int, stream: int, first_member: int, out: NDArray[np.float64], normal: bool) -> None:
    for i in range(out.size):
        state = key(seed, stream, first_member + i, 0)
        out[i] = normal_pair(state)[0] if normal else uniform(state)


def stream_id(name: str) -> int:
    """Turn the name of a quantity into its stream number (FNV-1a, 63 bits)."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value >> 1


def normals(seed: int, name: str, members: int, *, first_member: int = 0) -> NDArray[np.float64]:
    """Return standard normals, shape (members,), keyed by seed, name and member number."""
    out = np.empty(members)
    _fill(seed, stream_id(name), first_member, out, True)
    return out


def uniforms(seed: int, name: str, members: int, *, first_member: int = 0) -> NDArray[np.float64]:
    """Return uniforms in (0, 1), shape (members,), keyed by seed, name and member number."""
    out = np.empty(members)
    _fill(seed, stream_id(name), first_member, out, False)
    return out
