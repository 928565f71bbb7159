"""``overflight report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from overflight.case.report.case_page import Report

SUFFIXES = (".html", ".pdf")


def report(
    case: Annotated[Path, Parameter(help="An incident folder, or the case folder in it.")],
    *,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="File to write, .html or .pdf; both beside the case if not given."),
    ] = None,
    language: Annotated[str, Parameter(help="Language of the report: en or es.")] = "en",
    json: Json = False,
) -> None:
    """Write a case as a report to read and to print, from its records and files alone."""
    from overflight.case.placing import require_place
    from overflight.case.report.case_page import case_report

    if output is not None:
        require_place(output, SUFFIXES)
    made = case_report(case, language=language)
    named = "report" if language == "en" else f"report-{language}"
    paths = [output] if output is not None else [made.folder / f"{named}{suffix}" for suffix in SUFFIXES]
    for path in paths:
        if path.resolve() in made.recorded:
            raise InvalidInput("output", f"{path}, which the case records", "another name")
    written = [str(path) for path in paths if _write(made, path, needed=output is not None)]
    for problem in made.problems:
        remark(f"note: the case does not hold, and the report says so: {problem}")
    if json:
        say_json({"files": written, "language": language, "problems": list(made.problems)})
    else:
        say("\n".join(f"report  {path}" for path in written))


def _write(made: Report, path: Path, *, needed: bool) -> bool:
    """Write one file; a PDF that nobody asked for by name is left out where it cannot be made."""
    from overflight.case.placing import placed, write_text
    from overflight.case.report.pdf import pdf_of

    if path.suffix.lower() == ".html":
        placed(path, lambda beside: write_text(beside, made.html))
        return True
    try:
        data = pdf_of(made.html)
    except Unavailable as problem:
        if needed:
            raise
        remark(f"note: {problem}")
        return False
    placed(path, lambda beside: _write_bytes(beside, data))
    return True


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)
