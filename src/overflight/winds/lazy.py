"""Arrays that are read only when they are used: converted, turned, derived or joined from others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends.common import BackendArray
from xarray.core import indexing

BIG_BYTES = 2**20
"""Above this an array is not read at opening."""
SMALL_BYTES = 2**26
"""Up to this a whole dataset is read at opening, and its missing values counted."""

F32 = NDArray[np.float32]


class _Lazy(BackendArray):
    """What the kinds below share: float32, and orthogonal indexing."""

    def __init__(self, dims: tuple[Hashable, ...], sizes: dict[Hashable, int]) -> None:
        self.dims = dims
        self.shape = tuple(sizes[d] for d in dims)
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> F32:
        one = [isinstance(k, int | np.integer) for k in key]
        whole = {d: slice(k, k + 1) if single else k for d, k, single in zip(self.dims, key, one, strict=True)}
        drop = tuple(0 if single else slice(None) for single in one)
        return self.read(whole)[drop]

    def read(self, key: dict[Hashable, Any]) -> F32:
        """Return the part that slices and arrays of indices choose along each dimension."""
        raise NotImplementedError


class _Derived(_Lazy):
    """A function of another array, which needs the whole of one dimension at a time, or none."""

    def __init__(
        self, source: xr.Variable, dims: tuple[Hashable, ...], function: Callable[[F32], F32], along: Hashable | None
    ) -> None:
        super().__init__(dims, dict(source.sizes))
        self.source, self.function, self.along = source, function, along

    def read(self, key: dict[Hashable, Any]) -> F32:
        part = self.source.isel({d: slice(None) if d == self.along else k for d, k in key.items()})
        values = np.asarray(part.values, np.float32)
        # Read first, then turn: a lazy array that is turned first is read point by point.
        values = self.function(values.transpose([part.dims.index(d) for d in self.dims]))
        return values[tuple(key[d] if d == self.along else slice(None) for d in self.dims)]


class _Joined(_Lazy):
    """Arrays one after the other along one dimension; one that lacks it is one step of it."""

    def __init__(self, parts: Sequence[xr.Variable], dim: Hashable) -> None:
        self.parts, self.dim = tuple(parts), dim
        self.edges = np.cumsum([0, *(p.sizes.get(dim, 1) for p in parts)])
        first = parts[0]
        dims = first.dims if dim in first.dims else (dim, *first.dims)
        super().__init__(dims, dict(first.sizes) | {dim: int(self.edges[-1])})

    def read(self, key: dict[Hashable, Any]) -> F32:
        wanted = np.atleast_1d(np.arange(self.edges[-1])[key[self.dim]])
        of = np.searchsorted(self.edges, wanted, side="right") - 1
        axis = self.dims.index(self.dim)
        pieces = [self._part(int(n), key | {self.dim: wanted[of == n] - self.edges[n]}) for n in np.unique(of)]
        back = np.argsort(np.argsort(of, kind="stable"), kind="stable")
        return pieces[0] if len(pieces) == 1 else np.take(np.concatenate(pieces, axis), back, axis)

    def _part(self, number: int, key: dict[Hashable, Any]) -> F32:
        part = self.parts[number].isel({d: k for d, k in key.items() if d in self.parts[number].dims})
        values = np.asarray(part.values, np.float32).transpose(
            [part.dims.index(d) for d in self.dims if d in part.dims]
        )
        return values if self.dim in part.dims else np.expand_dims(values, self.dims.index(self.dim))


def derived(
    array: xr.DataArray,
    function: Callable[[F32], F32],
    *,
    dims: tuple[Hashable, ...] | None = None,
    along: Hashable | None = None,
) -> xr.DataArray:
    """Return ``function`` of an array as float32: at once where it is small, else when it is used.

    Parameters
    ----------
    function : of the values, with axes in the order of ``dims``; of the same shape.
    dims : order of the dimensions; None keeps it.
    along : the one dimension of which the function needs the whole, in order.
    """
    order = array.dims if dims is None else dims
    if array.nbytes <= BIG_BYTES:
        turned = array.transpose(*order)
        return turned.copy(data=function(np.asarray(turned.values, np.float32)))
    lazy = indexing.LazilyIndexedArray(_Derived(array.variable, order, function, along))
    return xr.DataArray(xr.Variable(order, lazy, array.attrs), coords=array.coords, name=array.name)


def converted(
    array: xr.DataArray, *, scale: float = 1.0, offset: float = 0.0, dims: tuple[Hashable, ...] | None = None
) -> xr.DataArray:
    """Return ``scale * array + offset`` as float32, with its dimensions in an order."""
    order = array.dims if dims is None else dims
    if array.dtype == np.float32 and scale == 1.0 and offset == 0.0 and array.dims == order:
        return array
    return derived(array, partial(_line, scale=scale, offset=offset), dims=order)


def _line(values: F32, *, scale: float, offset: float) -> F32:
    if scale == 1.0 and offset == 0.0:
        return values
    out = values * np.float32(scale)
    out += np.float32(offset)
    return out


def joined(parts: Sequence[xr.Dataset], dim: Hashable, values: NDArray[Any] | None = None) -> xr.Dataset:
    """Join datasets of one kind along a dimension; other coordinates and attributes are the first's.

    ``values`` are the coordinate along ``dim``; None takes them from the parts.
    """
    data = {}
    for name in parts[0].data_vars:
        lazy = _Joined([p[name].variable for p in parts], dim)
        data[name] = xr.Variable(lazy.dims, indexing.LazilyIndexedArray(lazy), parts[0][name].attrs)
    axis = np.concatenate([p[dim].values for p in parts]) if values is None else values
    coords: dict[Hashable, Any] = {n: c.variable for n, c in parts[0].coords.items() if dim not in c.dims}
    about = parts[0][dim].attrs if dim in parts[0].coords else {}
    return xr.Dataset(data, coords | {dim: (dim, axis, about)}, parts[0].attrs)
