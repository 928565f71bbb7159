"""Sphere and ellipsoid, standard atmosphere, times, cells and densities: what every room stands on."""
