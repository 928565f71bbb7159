"""``overflight report`` through the real command."""

import json
from pathlib import Path

import pytest
from cli_calls import command, leavings, refused
from report_cases import synthetic_case


@pytest.fixture
def place(tmp_path):
    synthetic_case(tmp_path / "incident", ("ledger", "drift_test"))
    return tmp_path


def has_pdf():
    try:
        import weasyprint  # noqa: F401 - an extra
    except (ImportError, OSError):
        return False
    return True


@pytest.mark.skipif(not has_pdf(), reason="WeasyPrint or Pango is not installed")
def test_both_are_written_beside_the_case_and_are_the_same_again(place):
    done = command("report", "incident", "--json", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    files = [place / name for name in json.loads(done.stdout)["files"]]
    assert [file.name for file in files] == ["report.html", "report.pdf"]
    first = [file.read_bytes() for file in files]
    assert first[1].startswith(b"%PDF-")
    assert first[1].rstrip().endswith(b"%%EOF")
    assert command("report", "incident/case", cwd=place).returncode == 0
    assert [file.read_bytes() for file in files] == first
    assert command("case", "verify", "incident", cwd=place).returncode == 0


@pytest.mark.parametrize("problem", ["OSError('cannot load library libpango-1.0-0')", "ImportError('none')"])
def test_without_its_library_the_page_is_written_and_one_line_says_why(place, problem):
    (place / "stub").mkdir()
    (place / "stub" / "weasyprint.py").write_text(f"raise {problem}\n")
    without = {"PYTHONPATH": f"{place / 'stub'}:{Path(__file__).parents[2] / 'src'}"}
    done = command("report", "incident", "--language", "es", cwd=place, **without)
    assert done.returncode == 0
    assert done.stderr.startswith("note: pdf: ")
    assert done.stderr.count("\n") == 1
    assert "libpango-1.0-0" in done.stderr
    assert (place / "incident" / "report-es.html").stat().st_size > 20_000
    asked = command("report", "incident", "-o", "r.pdf", cwd=place, **without)
    assert (asked.returncode, asked.stdout) == (3, "")
    assert asked.stderr.startswith("overflight: pdf: ")
    assert not (place / "r.pdf").exists()


def test_a_case_that_does_not_hold_is_reported_with_a_note(place):
    with (place / "incident" / "s.csv").open("a") as stream:
        stream.write("changed")
    (evidence,) = (place / "incident" / "case" / "evidence").iterdir()
    evidence.write_text("changed")
    done = command("report", "incident", "-o", "r.html", cwd=place)
    assert done.returncode == 0
    assert "note: the case does not hold, and the report says so: " in done.stderr
    assert "The case does not hold" in (place / "r.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["report", "."], "case: got ., expected an incident folder, or the case folder in it"),
        (["report", "incident", "-o", "r.txt"], "output: got 'r.txt', expected a name that ends in .html, .pdf"),
        (["report", "incident", "--language", "eo"], "--language: got 'eo', expected en or es"),
        (["report", "incident", "-o", "incident/s.html"], "output: got incident/s.html, which the case records, expected another name"),
    ],
)  # fmt: skip
def test_refusals(tmp_path, monkeypatch, capsys, arguments, line):
    from overflight.case.case_file import Case

    (tmp_path / "incident").mkdir()
    (tmp_path / "incident" / "s.html").write_text("recorded")
    case = Case.create(tmp_path / "incident" / "case", title="t")
    case.add_file(tmp_path / "incident" / "s.html")
    case.close()
    monkeypatch.chdir(tmp_path)
    assert leavings(tmp_path)
    refused(capsys, arguments, 2, line, tmp_path)
