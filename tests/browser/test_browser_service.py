"""The page and the service together: live balloons, from a dropped file to its report, loss and return, access."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import HOSTILE, SIGHTINGS, Site
from tests.watch_server import until

LATEST = '.balloon[data-balloon="RISES"] .value'


def moves(site: Site, page, row) -> str:
    """Add rows until the page shows another altitude, and return that."""
    before = row.inner_text()
    until(lambda: site.hear() or page.wait_for_timeout(1000) or row.inner_text() != before)
    page.wait_for_timeout(1500)  # what was heard last is shown too
    return str(row.inner_text())


def test_live_balloons_move_and_outlive_the_service(site, opened):
    page = opened(site.url, map_too=False)
    row = page.locator(LATEST)
    expect(row).to_have_text(re.compile(r"^\d\d,\d{3} m$"))
    expect(page.locator("#link")).to_have_text("live")
    before = moves(site, page, row)
    site.lose()
    expect(page.locator("#banner")).to_contain_text("The server is lost")
    expect(page.locator("#link")).to_have_attribute("data-link", "lost")
    assert row.inner_text() == before  # the last that was heard stays
    site.hear()  # while nobody listens
    site.start()
    expect(page.locator("#link")).to_have_text("live")
    expect(row).not_to_have_text(before)
    moves(site, page, row)
    assert page.locator(".balloon").count() == 3


def test_a_hostile_name_is_text_wherever_it_stands(site, opened, dropped):
    page = opened(site.url, map_too=False)
    page.locator("#filter").fill("onerror")
    page.locator(".balloon").click()
    expect(page.locator("#title")).to_have_text(HOSTILE)
    expect(page.locator(".facts")).to_contain_text("90 % within")
    assert HOSTILE in page.title()
    assert page.locator("#panel img").count() == 0
    assert page.title() != "broken in"
    assert "<img src=x" in dropped["files"]
    assert dropped["images"] == 0


def test_a_balloon_at_sea_is_told_of_its_country(site, opened):
    page = opened(site.url, "#balloon=AT-SEA&region=CAN", width=900)
    row = page.locator('.crossing[aria-pressed="true"]')
    expect(row).to_contain_text("Canada: > 99 %, entered")
    page.locator(".crossing", has_text="High seas").click()
    expect(page.locator("#region-note")).to_contain_text("AT-SEA enters High seas with > 99 %")


def test_a_dropped_file_becomes_a_report(site, opened, dropped):
    assert dropped["message"]
    page = opened(site.url, f"#job={dropped['job']}", map_too=False)
    with page.expect_popup() as popup:
        page.locator("#report").click()
    expect(popup.value.locator("h1").first).to_be_visible()


def test_what_went_wrong_is_said_and_what_runs_can_be_cancelled(site, opened):
    page = opened(site.url, map_too=False)
    for table, members, ends in ((SIGHTINGS.replace("2022", "1922"), 2, "failed"), (SIGHTINGS, 10_000, "cancelled")):
        page.locator("#investigate").click()
        page.locator("#sightings").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": table.encode()})
        page.locator("#members").fill(str(members))
        page.locator("#start").click()
        if ends == "cancelled":
            page.get_by_role("button", name="Cancel").click()
        expect(page.locator(f".badge.{ends}")).to_be_visible()
        if ends == "failed":
            expect(page.locator(".problem")).to_contain_text(re.compile("winds?: "))


def test_the_ensemble_plays_and_a_country_on_the_map_says_when(site, opened, dropped):
    page = opened(site.url, f"#job={dropped['job']}&time=2022-11-11T04:00:00Z&at=56,55,3")
    expect(page.locator("#time")).to_have_text("11 Nov 2022 04:00 UTC")
    expect(page.locator("#time-detail")).to_contain_text("20 of 20 members \u00b7 between sightings")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#time")).not_to_have_text("11 Nov 2022 04:00 UTC")
    page.get_by_role("button", name="Pause").click()
    page.locator("#slider").focus()
    page.keyboard.press("End")
    expect(page.locator("#time-detail")).to_contain_text("after the last sighting")
    assert re.search(r"time=2022-11-11T1", page.url)
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#region-note")).to_contain_text("Russia: > 99 %, entered 11 Nov 2022 ")
    expect(page.locator('.crossing[data-region="RUS"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#time-detail")).to_contain_text("before the first sighting")


def test_a_link_shows_the_same(site, opened, dropped):
    first = opened(site.url, f"#job={dropped['job']}&time=2022-11-11T08:00:00Z&at=50,50,3", map_too=False)
    expect(first.locator("#time")).to_have_text("11 Nov 2022 08:00 UTC")
    first.locator('.crossing[data-region="RUS"]').click()
    expect(first.locator("#region-note")).to_contain_text("Russia: > 99 %")
    assert "region=RUS" in first.url
    assert "at=50.000,50.000,3.00" in first.url
    second = opened(site.url, "#" + first.url.split("#")[1], map_too=False)
    expect(second.locator("#time")).to_have_text(first.locator("#time").inner_text())
    expect(second.locator('.crossing[data-region="RUS"]')).to_have_attribute("aria-pressed", "true")
    first.get_by_role("button", name="Share by link").click()
    expect(first.locator("#banner, dialog").first).to_be_visible()


def test_a_case_shows_claims_beside_findings_and_its_paths(site, opened, dropped):
    folder = site.folder / "jobs" / dropped["job"] / "output" / "incident"
    for words, party in ((["passed-over", "RUS"], "north"), (["purpose", "weather"], HOSTILE)):
        run = [sys.executable, "-m", "overflight", "case", "claim", folder, *words, "--party", party]
        subprocess.run(run, check=True, capture_output=True)
    page = opened(site.url, f"#case={dropped['job']}", map_too=False)
    expect(page.locator(".claim.supported .outcome")).to_have_text("Findings support it")
    expect(page.locator(".claim-said").nth(1)).to_contain_text("<img src=x")
    expect(page.locator("#time-detail")).to_contain_text("20 of 20 members")
    expect(page.locator(".crossing")).to_have_count(1)
    assert page.locator("#panel img").count() == 0


@pytest.fixture(scope="module")
def closed_site(winds, site, dropped) -> Site:
    """Give a service with a token and the same cases."""
    folder = winds.parent / "closed"
    (folder / "cases").mkdir(parents=True)
    (folder / "cases" / "known").symlink_to(site.folder / "jobs" / dropped["job"] / "output" / "incident")
    run = [sys.executable, "-m", "overflight", "serve", "token", "reader", "--role", "read", "--folder", folder]
    token = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()[-1]
    made = Site(folder)
    made.token = token
    yield made
    made.lose()


def test_a_token_is_asked_for_once_and_stands_in_no_address(closed_site, opened):
    page = opened(closed_site.url, "#case=known", map_too=False, wait=False)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Token").fill("wrong")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("The token was refused")
    dialog.get_by_label("Token").fill(closed_site.token)
    dialog.get_by_role("button", name="Go on").click()
    expect(page.locator("#title")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert closed_site.token not in page.url
    sent = []
    page.context.on("request", lambda request: sent.append(request.url))
    with page.expect_popup() as popup:
        page.locator("#report").click()
    expect(popup.value.locator("h1").first).to_be_visible()
    assert not any(closed_site.token in url for url in sent)
    assert popup.value.evaluate("() => window.origin") == "null"  # written by others: shown as if from nowhere
