"""The decorators for compiled code.

``error_model="numpy"`` makes a division by zero give inf or NaN as in numpy. ``fastmath`` names only flags that keep
``isnan`` true: contraction to fused multiply-add, reassociation, reciprocals, the sign of zero and approximate
functions; never ``nnan`` or ``ninf``. ``nogil`` lets ordinary threads run kernels side by side.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")

SAFE_FAST_MATH = {"contract", "reassoc", "arcp", "nsz", "afn"}


ROOMS_WITH_KERNELS = ("geo", "flight", "drift/kernels", "infer/kernels", "airspace/kernels", "serve/watch/kernels")


@cache
def _sources() -> str:
    """Digest of the sources that compiled code is made of: it holds what it inlined from other files."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(path for room in ROOMS_WITH_KERNELS for path in (package / room).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _compiled(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    options = {"error_model": "numpy", "nogil": True, **options}
    compiled: Callable[P, R]
    try:
        dispatcher: Any = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is no folder to keep compiled code in: it is compiled each time
        compiled = numba.njit(**options)(function)
        return compiled
    # numba renews a cached function when its own file changes, not when a file it inlines does: stamp it with all.
    stored = dispatcher._cache
    stored._source_stamp = stored._cache_file._source_stamp = _sources()
    stored.load_overload, stored.save_overload = map(_forgiving, (stored.load_overload, stored.save_overload))
    compiled = dispatcher
    return compiled


def _forgiving(use_cache: Callable[..., Any]) -> Callable[..., Any]:
    """Let a full disk or a spoiled file cost a compilation, not the run."""

    def tried(*what: Any) -> Any:
        try:
            return use_cache(*what)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            return None

    return tried


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with exact arithmetic."""
    return _compiled(function)


def fast_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with the safe flags of fast arithmetic."""
    return _compiled(function, fastmath=SAFE_FAST_MATH)


def inlined_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile into every caller; for short functions of the inner loop."""
    return _compiled(function, fastmath=SAFE_FAST_MATH, forceinline=True)


def exact_inlined_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile into every caller with exact arithmetic: the same sum gives the same bits wherever it stands."""
    return _compiled(function, forceinline=True)
