"""The report of a case, from its records and files alone."""

import html
import re
import string
from dataclasses import asdict, replace
from html.parser import HTMLParser

import pytest
from report_cases import TIMES, synthetic_case

from overflight.case.case_file import Case
from overflight.case.claims import SUBJECTS
from overflight.case.claims import Claim as Stated
from overflight.case.report import record_parts
from overflight.case.report.case_page import case_report
from overflight.case.report.claims import Bearing, Claim, claims_of, stated
from overflight.case.report.holdings import holdings
from overflight.case.report.parts import runs
from overflight.case.report.record_parts import claimed, summary
from overflight.case.report.words import languages, words
from overflight.errors import InvalidInput


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    said = {"who": "Party A", "words": "It flew <straight>.", "language": "en", "source": "a letter"}
    return synthetic_case(tmp_path_factory.mktemp("cases") / "incident", statement=said)


@pytest.fixture(scope="module")
def page(folder):
    return case_report(folder).html


class Outline(HTMLParser):
    """Headings, anchors, references and figures of a page."""

    def __init__(self, page):
        super().__init__()
        self.headings, self.anchors, self.references, self.alts, self.heads = [], [], [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if "id" in given:
            self.anchors.append(given["id"])
        if given.get("href", "").startswith("#") and tag == "a":
            self.references.append(given["href"][1:])
        if given.get("role") == "img":
            self.alts.append(given["aria-label"])
        self.heads += tag == "th"


def text_of(page):
    body = re.sub(r"<(style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " ").split())


def test_every_reference_leads_somewhere_and_headings_are_in_order(page):
    found = Outline(page)
    assert len(found.anchors) == len(set(found.anchors))
    assert set(found.references) <= set(found.anchors)
    assert found.headings[0] == 1
    assert found.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(found.headings, found.headings[1:], strict=False))
    assert len(found.alts) == page.count("<svg ") == 6
    assert all(len(alt) > 20 for alt in found.alts)


class Sentences(HTMLParser):
    """Text and record links of each paragraph, item, caption of a figure and first cell of a row, by its part."""

    WHOLE = ("p", "li", "figcaption", "th")

    def __init__(self, page):
        super().__init__()
        self.part, self.open, self.found, self.quiet = "", None, [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "section":
            self.part = given.get("id", "")
        if tag in self.WHOLE and given.get("class") != "how" and given.get("scope") != "col":
            self.open = (tag, [], [])
        self.quiet = self.quiet or bool(self.open and given.get("class") == "cite")
        if tag == "a" and self.open and given["href"].startswith("#r"):
            self.open[2].append(given["href"][1:])

    def handle_endtag(self, tag):
        if self.open and tag == self.open[0]:
            self.found.append((self.part, "".join(self.open[1]), self.open[2]))
            self.open, self.quiet = None, False

    def handle_data(self, data):
        if self.open and not self.quiet:
            self.open[1].append(data)


FINDINGS = ("track", "drift_test", "ledger", "origin", "recovery")


@pytest.mark.parametrize("language", languages())
def test_every_sentence_with_a_figure_leads_to_its_record(tmp_path, language):
    folder = synthetic_case(tmp_path / "whole", FINDINGS, statement={"who": "Party A", "words": "It had 2 motors."})
    with Case.open(folder / "case") as case:
        for subject, more in (("was-drifting", {}), ("at-altitude", {"altitude_m": (16000.0, 16000.0)})):
            case.append("claim", Stated(party="Party B", subject=subject, **more).to_json())
    page = case_report(folder, language=language).html
    anchors = set(Outline(page).anchors)
    told = [one for one in Sentences(page).found if one[0] not in ("", "records") and re.search(r"\d", one[1])]
    assert {part for part, _, _ in told} == {
        "short", "where", "whose", "drift", "origin", "recovery", "claims", "evidence", "limits"}  # fmt: skip
    assert [one for one in told if not one[2]] == []
    assert {link for _, _, links in told for link in links} <= anchors


def test_every_sentence_found_names_the_record_of_its_finding(page, folder):
    numbers = {r["body"]["name"]: r["id"] for r in holdings(folder).of("finding")}
    for part, finding in (("drift", "drift_test"), ("origin", "origin")):
        found = [links for name, text, links in Sentences(page).found if name == part and text.strip()]
        assert found
        assert all(f"r{numbers[finding]}" in links for links in found)


def test_each_cited_record_stands_with_its_hash(page, folder):
    rows = page.split('<section id="records"')[1]
    for record in holdings(folder).records[1:]:
        row = rows.split(f'id="r{record["id"]}"')[1].split("</tr>")[0]
        assert record["hash"] in row


def test_the_page_asks_for_nothing_and_shows_text_as_text(page):
    for outside in ('src="http', 'href="http', "@import", "url(http", "<script"):
        assert outside not in page
    assert "<h1>Synthetic &lt;case&gt;</h1>" in page
    assert "Site &lt;One&gt;" in page
    assert "It flew &lt;straight&gt;." in page


def test_disputed_areas_and_high_seas_count_for_no_country(page):
    text = text_of(page)
    assert "More likely than not it crossed Aland: 90.0 % (85.0 % to 95.0 %). [" in text
    assert "disputed areas, which count for no country here: Cland: 70.0 %" in text
    assert "over the high seas with probability > 97.0 %" in text
    assert "Countries, more likely than not 1 " in text
    assert "administered by AAA; claimed by AAA, BBB" in text


def test_strengths_follow_the_p_values(page):
    text = text_of(page)
    assert "Evidence against drift at one level: very strong (p = 0.0004)." in text
    assert "from 12.0 to 20.0 km: some (p = 0.03)." in text
    assert "steady 5 m/s through the air, the test would show it in 50 % of such cases" in text
    assert "excluded at 95 %" not in text  # nothing was excluded


def test_a_doubtful_sighting_keeps_its_doubt(page):
    row = page.split("2023 06:00".replace(" ", "\xa0"))[-2:]
    assert "90\xa0%" in "".join(row)


def test_the_same_case_gives_the_same_page(folder, page, monkeypatch):
    assert case_report(folder / "case").html == page
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    dated = case_report(folder).html
    assert "2\xa0Jan\xa01970\xa000:00" in dated
    assert sum(a != b for a, b in zip(dated.splitlines(), page.splitlines(), strict=True)) == 1
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(InvalidInput, match="SOURCE_DATE_EPOCH: got 'soon', expected whole seconds since 1970"):
        case_report(folder)


def test_spanish_is_spanish_with_its_numbers(folder):
    page = case_report(folder, language="es").html
    text = text_of(page)
    assert '<html lang="es">' in page
    assert "Indicios contra la deriva a un solo nivel: muy fuertes (p = 0,0004)." in text
    assert "zonas en disputa, que aquí no cuentan para ningún país: Cland: 70,0 %" in text
    english = words("en")
    for key in ("summary.how", "where.title", "drift.how", "limits.intent", "figure.altitude", "evidence.how"):
        assert english(key) not in page
    assert '<li lang="en">Sightings err independently.' in page  # in the words of the record
    with pytest.raises(InvalidInput, match="--language: got 'xx', expected en or es"):
        case_report(folder, language="xx")


def fields(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", languages())
def test_languages_have_the_same_keys_and_placeholders(language):
    english, other = words("en").texts, words(language).texts
    assert set(other) == set(english)
    assert {key: fields(text) for key, text in other.items()} == {key: fields(text) for key, text in english.items()}
    assert all(text.strip() for key, text in other.items() if key != "format.thousands")
    assert len(other["format.months"].split()) == 12


def test_what_was_not_computed_is_said(tmp_path):
    page = case_report(synthetic_case(tmp_path / "bare", ())).html
    text = text_of(page)
    for line in ("No track was computed.", "holds no drift test", "holds no ledger", "No search area was computed",
                 "holds no search for the place of launch", "no map is drawn"):  # fmt: skip
        assert line in text
    assert "<svg " not in page


def test_a_search_area_is_drawn_where_there_is_one(tmp_path):
    page = case_report(synthetic_case(tmp_path / "recovered", ("recovery",))).html
    assert "No search area" not in page
    assert 'figure class="recovery"' in page
    text = text_of(page)
    assert "taken to end by a cut-down at 1 Jan 2023 12:00 UTC; 500 members of each class" in text
    assert "Comes down on payload" in text
    assert "land 75 %, sea 25 %" in text


def test_a_long_table_says_where_the_whole_is(tmp_path, monkeypatch):
    monkeypatch.setattr(record_parts, "MOST_ROWS", 2)
    page = case_report(synthetic_case(tmp_path / "long", ())).html
    assert "and 1 more; “overflight case list FOLDER --kind sighting” lists all of them" in text_of(page)


def test_an_open_case_is_no_error(tmp_path):
    folder = tmp_path / "open"
    with Case.create(folder / "case", title="Open") as case:
        case.append("statement", {"who": "Party A", "words": "It flew.", "source": "a letter"})
    made = case_report(folder)
    assert made.problems == ()
    assert 'role="alert"' not in made.html
    assert "hold against their hashes. The case is open: records may follow." in text_of(made.html)


def test_a_file_that_differs_is_told_and_not_drawn(tmp_path):
    folder = synthetic_case(tmp_path / "changed", ("origin",))
    with (folder / "origin.geojson").open("a") as stream:
        stream.write(" ")
    made = case_report(folder)
    assert len(made.problems) == 1
    assert made.problems[0] in made.html
    assert 'role="alert"' in made.html
    assert "<svg " not in made.html
    assert "hold against their hashes" not in made.html


def test_a_folder_without_a_case_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"case: got .*, expected an incident folder, or the case folder in it"):
        case_report(tmp_path)


def test_claims_stand_beside_findings_in_plain_words(folder):
    case, english = holdings(folder), words("en")
    bears = Bearing(
        finding="drift_test", direction="contradicts", strength="strongly", probability=(0.02, 0.04), records=("6",)
    )
    claims = (
        Claim(text="It was drifting.", party="Party A", verdict="contradicted", bearings=(bears,), records=("12",)),
        Claim(text="It meant no harm.", party="Party B", verdict="not testable", records=("13",)),
    )
    (table, statements) = claimed(case, claims, english).tables
    assert [cell.text for cell in table.rows[0]] == [
        "It was drifting.", "Party A", "drift test: contradicts strongly (probability of the claim 2.0\xa0% to 4.0\xa0%)", "contradicted"]  # fmt: skip
    assert [cell.text for cell in table.rows[1]][2:] == ["none", "not testable by this tool"]
    assert table.rows[0][2].records == ("6",)
    assert statements.rows[0][0].text == "It flew <straight>."
    said = [line.text for line in summary(case, claims, english).lines]
    assert (
        "2 claims of Party A, Party B are set beside these findings: 1 contradicted, 1 not testable by this tool."
        in said
    )


STATED = {
    "passed-over": {"region": "AAA", "region_name": "Aland"},
    "was-drifting": {},
    "launched-from": {"lat": 40.0, "lon": 5.0, "radius_km": 70.0},
    "at-altitude": {"altitude_m": (16000.0, 18000.0)},
    "was-civil": {},
    "purpose": {"words": "weather"},
}


@pytest.mark.parametrize("is_denied", [False, True])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_claim_is_said_in_each_language(subject, is_denied):
    one = Stated(party="A", subject=subject, denied=is_denied, **STATED[subject])
    assert stated(one, words("en")) == str(one)
    told = stated(one, words("es"))
    assert ("no " in told) == is_denied
    assert told != str(one)
    bound = stated(replace(one, start=TIMES[0], end=TIMES[1]), words("es")).replace("\xa0", " ")
    assert bound.endswith(", entre el 1 ene 2023 00:00 y el 1 ene 2023 06:00 UTC")


def test_a_claim_is_read_with_the_statement_behind_it(tmp_path):
    statement = {"who": "Party A", "words": "It drifted.", "language": "en", "source": "a letter"}
    folder = synthetic_case(tmp_path / "incident", statement=statement)
    with Case.open(folder / "case") as case:
        said = next(record for record in case.records("statement"))
        case.append("claim", asdict(Stated(party="Party A", subject="was-drifting", statement=said.number)))
        case.append("claim", asdict(Stated(party="Party B", subject="purpose", words="to see")))
    drifting, purpose = claims_of(holdings(folder), words("en"))
    assert (drifting.party, drifting.verdict) == ("Party A", "contradicted")
    assert drifting.records[1] == str(said.number)
    assert drifting.bearings[0].finding == "drift_test"
    assert (purpose.verdict, purpose.bearings) == ("not_testable", ())


def test_runs_join_what_follows():
    assert runs(("9", "3", "5", "4", "4")) == [("3", "5"), ("9", "9")]


@pytest.mark.parametrize(("value", "english", "spanish"), [(1234567.891, "1,234,567.9", "1 234 567,9"), (-0.25, "-0.2", "-0,2"),
                                                           (float("nan"), "–", "–"), (None, "–", "–")])  # fmt: skip
def test_numbers_by_language(value, english, spanish):
    assert words("en").number(value, 1) == english
    assert words("es").number(value, 1).replace("\u202f", " ") == spanish
