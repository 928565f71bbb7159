"""``overflight airspace fetch`` and ``overflight airspace list``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from overflight.cli.options import Json
from overflight.cli.screen import bar, say, say_json

RegionSource = Literal["fir", "natural-earth", "marine-regions"]


def fetch_(
    source: Annotated[RegionSource, Parameter(help="Which data set.")],
    *,
    url: Annotated[
        str | None,
        Parameter(help="Address of a mirror; else OVERFLIGHT_FIR_URL and the like, else its own."),
    ] = None,
    from_: Annotated[
        Path | None, Parameter(name="--from", help="A file on disk instead: nothing is downloaded.")
    ] = None,
    name: Annotated[str | None, Parameter(help="Name of the layer; the source's where not given.")] = None,
    layer: Annotated[str | None, Parameter(help="Which layer of a GeoPackage or zip file that holds several.")] = None,
    licence: Annotated[str | None, Parameter(help="The licence of a file whose terms are others.")] = None,
    json: Json = False,
) -> None:
    """Fetch regions into the local store; the same command resumes, and brings what is newer."""
    from dataclasses import asdict

    from overflight.airspace.sources.fetch import fetch
    from overflight.airspace.sources.user import Naming

    address = url or ("" if from_ else os.environ.get(f"OVERFLIGHT_{source.upper().replace('-', '_')}_URL", ""))
    naming = Naming(layer=layer, licence=licence or "")
    got = fetch(source, url=address, file=from_, name=name or "", naming=naming, progress=bar(f"fetching {source}"))
    say_json(asdict(got)) if json else say(str(got))


def list_(*, json: Json = False) -> None:
    """List the layers of regions that are at hand, with source, version, licence, number and file."""
    from dataclasses import asdict

    from overflight.airspace.sources.layers import layers, missing_fir_hint

    held = layers()
    if json:
        say_json([asdict(layer) for layer in held])
        return
    lines = [str(layer) for layer in held] or ["none; the countries that are shipped are always there"]
    if not any(layer.name == "fir" for layer in held):
        lines.append(f"no flight information regions: {missing_fir_hint()}")
    say("\n".join(lines))
