"""The one decorator for compiled code.

``error_model="numpy"`` makes a division by zero give inf or NaN as in numpy. ``fastmath`` names only flags that
keep ``isnan`` true: contraction to fused multiply-add, reassociation, and reciprocals; never ``nnan`` or ``ninf``.
``nogil`` lets ordinary threads run kernels side by side.
"""

import numba

SAFE_FAST_MATH = {"contract", "reassoc", "arcp", "nsz", "afn"}

kernel = numba.njit(cache=True, error_model="numpy", nogil=True)
fast_kernel = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath=SAFE_FAST_MATH)
inlined_kernel = numba.njit(error_model="numpy", nogil=True, fastmath=SAFE_FAST_MATH, forceinline=True)
