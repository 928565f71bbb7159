"""From a dropped file to its report, the ensemble over time, and when a country was crossed."""

from __future__ import annotations

import re

import pytest
import synthetic
from playwright.sync_api import expect


def drop(page, name: str, text: str) -> None:
    data = page.evaluate_handle(
        """([name, text]) => {
        const held = new DataTransfer();
        held.items.add(new File([text], name, { type: "text/csv" }));
        return held;
    }""",
        [name, text],
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": data})
    expect(page.locator("#drop")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    expect(page.locator("#drop")).to_be_hidden()


@pytest.fixture(scope="module")
def finished(server) -> str:
    """Give the name of a job that is done."""
    import time

    import httpx

    files = {"options": (None, "{}"), "files": ("seen.csv", synthetic.sightings_table())}
    job = httpx.post(f"{server.url}api/jobs/investigate", files=files).json()["job"]
    until = time.monotonic() + 20
    while httpx.get(f"{server.url}api/jobs/{job}").json()["status"] != "done":
        assert time.monotonic() < until
        time.sleep(0.1)
    return job


def test_a_dropped_file_becomes_a_report(server, opened):
    page = opened(server.url, map_too=False)
    page.locator(".balloon").first.wait_for()
    drop(page, f"{synthetic.HOSTILE}.csv".replace("/", ""), synthetic.sightings_table())
    expect(page.locator("#chosen-files")).to_contain_text("<img src=x")
    page.locator("#start").click()
    expect(page.locator("#progress")).to_be_visible()
    expect(page.locator("#message")).to_contain_text("of <img src=x")
    expect(page.locator("#report")).to_be_visible()
    assert page.locator("#panel img").count() == 0
    with page.expect_popup() as popup:
        page.locator("#report").click()
    expect(popup.value.locator("h1")).to_have_text("Report of synthetic sightings")


def test_what_went_wrong_is_said(server, opened):
    page = opened(server.url, map_too=False)
    page.locator("#investigate").click()
    page.locator("#sightings").set_input_files(
        {"name": "nowhere.csv", "mimeType": "text/csv", "buffer": b"time,lat,lon\n"}
    )
    page.locator("#start").click()
    expect(page.locator(".badge.failed")).to_be_visible()
    expect(page.locator(".problem")).to_have_text("sightings: no wind reaches them")


def test_a_running_job_is_cancelled(own_server, opened):
    server = own_server("--slow", "5")
    page = opened(server.url, map_too=False)
    page.locator("#investigate").click()
    page.locator("#sightings").set_input_files(
        {"name": "seen.csv", "mimeType": "text/csv", "buffer": b"time,lat,lon\n"}
    )
    page.locator("#start").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".badge.cancelled")).to_be_visible()


def test_the_ensemble_plays(server, opened, finished):
    page = opened(server.url, f"#job={finished}")
    expect(page.locator("#time")).to_have_text("1 Feb 2023 00:00 UTC")
    expect(page.locator("#time-detail")).to_contain_text("60 of 60 members")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#time")).not_to_have_text("1 Feb 2023 00:00 UTC")
    page.get_by_role("button", name="Pause").click()
    assert re.search(r"time=2023-02-0", page.url)
    page.locator("#slider").focus()
    page.keyboard.press("End")
    expect(page.locator("#time")).to_have_text("3 Feb 2023 00:00 UTC")
    expect(page.locator("#time-detail")).to_contain_text("after the last sighting")


def test_a_country_on_the_map_says_when(server, opened, finished):
    page = opened(server.url, f"#job={finished}&time=2023-02-01T06:00:00Z&at=-105,60,2.2")
    expect(page.locator(".crossing").first).to_be_visible()
    page.wait_for_timeout(500)
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#region-note")).to_contain_text("Canada: > 99 %, entered 1 Feb 2023 03:00")
    expect(page.locator('.crossing[data-region="CAN"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#time")).to_have_text("1 Feb 2023 03:00 UTC")


def test_a_row_of_the_ledger_leads_to_its_time(server, opened, finished):
    page = opened(server.url, f"#job={finished}", map_too=False)
    page.locator('.crossing[data-region="USA"]').click()
    expect(page.locator("#time")).to_have_text("1 Feb 2023 12:00 UTC")
    expect(page.locator("#region-note")).to_contain_text("United States of America: 93 %")
    assert "region=USA" in page.url


def test_a_link_shows_the_same(server, opened, finished):
    first = opened(server.url, f"#job={finished}&region=CAN&time=2023-02-02T06:00:00Z&at=-100,50,3", map_too=False)
    expect(first.locator("#time")).to_have_text("2 Feb 2023 06:00 UTC")
    first.locator('.crossing[data-region="USA"]').click()
    shared = first.url
    assert "at=-100.000,50.000,3.00" in shared
    second = opened(server.url, "#" + shared.split("#")[1], map_too=False)
    expect(second.locator("#time")).to_have_text("1 Feb 2023 12:00 UTC")
    expect(second.locator('.crossing[data-region="USA"]')).to_have_attribute("aria-pressed", "true")
    first.get_by_role("button", name="Share by link").click()
    expect(first.locator("#banner, dialog").first).to_be_visible()


def test_claims_stand_beside_findings(server, opened):
    page = opened(server.url, "#case=synthetic", map_too=False)
    expect(page.locator(".claim.supported .outcome")).to_have_text("Findings support it")
    expect(page.locator(".claim.contradicted .direction")).to_contain_text("contradicts it moderately")
    expect(page.locator(".claim.untestable .outcome")).to_have_text("Not testable by this tool")
    expect(page.locator(".crossing")).to_have_count(3)
    page.locator(".crossing").first.click()
    expect(page.locator(".crossing").first).to_have_attribute("aria-pressed", "true")
