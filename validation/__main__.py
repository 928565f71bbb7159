"""Command of the study: run, table, quick, real.

python -m validation quick
python -m validation run --cases 5000 --part track,drift,origin --workers 2 --out study/
python -m validation run --cases 500 --part drift --variants misfit --out study/
python -m validation run --cases 200 --part power --dask local --out study/
python -m validation table study/ --figures docs/images
python -m validation real --data ../shared/data
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from validation.run import one_thread

MISSING, INTERRUPTED, BAD = 3, 130, 2


def main(arguments: list[str] | None = None) -> int:
    """Parse, call, and return the exit code."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.does(args))
    except KeyboardInterrupt:
        print("stopped; the same command goes on where it was", file=sys.stderr)
        return INTERRUPTED
    except FileNotFoundError as problem:
        print(problem, file=sys.stderr)
        return MISSING
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return BAD


def _run(args: argparse.Namespace) -> int:
    one_thread()
    from validation import run  # threads are set before numpy is imported
    from validation.cases import PARTS, Study
    from validation.judges import Effort
    from validation.strata import stratum
    from validation.truth import speed_of

    parts = [p for p in args.part.split(",") if p != "power"]
    if unknown := set(parts) - set(PARTS):
        raise ValueError(f"--part: got {', '.join(sorted(unknown))}, expected {', '.join(PARTS)} or power")
    variants = run.misfit_variants() if args.variants == "misfit" else tuple(args.variants.split(","))
    strata = [s for s in args.strata.split(",") if s]
    for name in strata:
        stratum(name)
    for variant in variants:
        speed_of(variant)
    blocks = run.planned(parts, args.cases, variants=variants, strata=strata, size=args.block)
    if "power" in args.part.split(","):
        blocks += run.planned_power(args.cases, size=args.block)
    study = Study(seed=args.seed, effort=Effort(members=args.members, simulated=args.simulated, launches=args.launches))
    done = run.carry_out(blocks, study, args.out, workers=args.workers, dask=args.dask)
    print(f"{done} of {len(blocks)} blocks computed, the others were there: {args.out}")
    return 0


def _table(args: argparse.Namespace) -> int:
    from validation import figures, run, summary, tables

    found = run.rows_of(args.folder)
    if not found:
        raise FileNotFoundError(f"{args.folder}: no rows of a study; expected those of `python -m validation run`")
    told = "\n\n".join(tables.markdown(t) for t in tables.tables(found))
    print(told)
    for page in args.page:
        whole = page.read_text(encoding="utf-8")
        if "<!-- begin: drift-summary -->" in whole:
            into_page(page, "drift-summary", tables.markdown(summary.drift_summary(found)))
        else:
            into_page(page, "study", told)
    refused = sum("error" in r for rows in found.values() for r in rows)
    print(f"\n{sum(map(len, found.values()))} cases, {refused} refused")
    for path in figures.draw(found, args.figures) if args.figures else ():
        print(f"{path} written")
    return 0


def _quick(args: argparse.Namespace) -> int:
    from validation.quick import quick

    return quick(seed=args.seed)


def _real(args: argparse.Namespace) -> int:
    from validation.real import real

    told = real(args.data, seed=args.seed)
    print(told)
    if args.page:
        into_page(args.page, "real", told)
    return 0


def into_page(page: Path, name: str, text: str) -> None:
    """Put tables between the marks of a name in a page of the documentation."""
    whole, begin, end = page.read_text(encoding="utf-8"), f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    if begin not in whole or end not in whole:
        raise ValueError(f"{page}: got no marks for {name}, expected {begin} and {end}")
    before, after = whole.split(begin)[0], whole.split(end)[1]
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m validation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(required=True)
    run = verbs.add_parser("run", help="draw, fly, see and judge cases; goes on where it was stopped")
    run.add_argument(
        "--part", default="track,drift", help="any of track, forecast, drift, verdict, origin, identify, power"
    )
    run.add_argument("--cases", type=int, default=5000, help="cases of each stratum and variant")
    run.add_argument("--variants", default="passive", help="passive, misfit (all wrong ones), or names with commas")
    run.add_argument("--strata", default="", help="names with commas; all by default")
    run.add_argument("--members", type=int, default=400, help="samples of a track")
    run.add_argument("--simulated", type=int, default=999, help="simulated tracks of a drift test")
    run.add_argument("--launches", type=int, default=20_000, help="launches that an origin tries")
    run.add_argument("--block", type=int, default=250, help="cases of a shard")
    run.add_argument("--workers", type=int, default=1, help="processes")
    run.add_argument("--dask", default="", metavar="ADDRESS|local", help="send blocks to a Dask cluster")
    run.add_argument("--out", type=Path, required=True, help="folder of the study")
    run.set_defaults(does=_run)
    table = verbs.add_parser("table", help="print the tables of a study and draw its figures")
    table.add_argument("folder", type=Path)
    table.add_argument("--figures", type=Path, help="folder for SVG figures")
    table.set_defaults(does=_table)
    table.add_argument(
        "--page", type=Path, nargs="*", default=[], help="pages of the documentation that get the tables"
    )
    quick = verbs.add_parser("quick", help="a small study within three minutes")
    quick.set_defaults(does=_quick)
    real = verbs.add_parser("real", help="recorded flights: thinned, judged, and held against what was left out")
    real.add_argument("--data", type=Path, required=True, help="folder of the real winds and flights")
    real.add_argument("--page", type=Path, help="page of the documentation that gets the tables")
    real.set_defaults(does=_real)
    for verb in (run, quick, real):
        verb.add_argument("--seed", type=int, default=20_230_201)
    return parser


if __name__ == "__main__":
    sys.exit(main())
