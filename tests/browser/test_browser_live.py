"""Live balloons on the page: they come, move, are lost and come back, and can be read without a mouse."""

from __future__ import annotations

import re

import synthetic
from playwright.sync_api import expect


def test_live_updates_arrive(server, opened):
    page = opened(server.url, map_too=False)
    row = page.locator('.balloon[data-balloon="SYN-0007"] .value')
    expect(row).to_have_text(re.compile(r"m$"))
    expect(page.locator("#link")).to_have_text("live")
    before = row.inner_text()
    expect(row).not_to_have_text(before)


def test_the_server_is_lost_and_comes_back_by_itself(own_server, opened):
    server = own_server()
    page = opened(server.url, map_too=False)
    row = page.locator('.balloon[data-balloon="SYN-0014"] .value')
    expect(row).to_have_text(re.compile(r"m$"))
    server.lose()
    expect(page.locator("#banner")).to_contain_text("The server is lost")
    expect(page.locator("#link")).to_have_attribute("data-link", "lost")
    assert page.locator(".balloon").count() == 40  # the last that was heard stays
    server.start()
    expect(page.locator("#banner")).to_contain_text("The server is back")
    expect(page.locator("#link")).to_have_text("live")
    before = row.inner_text()
    expect(row).not_to_have_text(before)


def test_a_hostile_name_is_text_wherever_it_stands(server, opened):
    page = opened(server.url, map_too=False)
    page.locator("#filter").fill("onerror")
    page.locator(".balloon").click()
    expect(page.locator("#title")).to_have_text(synthetic.HOSTILE)
    expect(page.locator(".crossing-name").nth(2)).to_have_text(synthetic.HOSTILE)
    assert synthetic.HOSTILE in page.title()
    assert page.locator("#panel img").count() == 0
    page.goto(server.url + "#case=synthetic")
    expect(page.locator(".claim-said").nth(1)).to_contain_text("<img src=x")
    assert page.locator("#panel img").count() == 0
    assert page.title() != "broken in"


def test_a_balloon_is_found_by_click_and_by_list_alike(server, opened):
    page = opened(server.url, "#balloon=SYN-0021", width=900)
    expect(page.locator(".facts")).to_contain_text("90 % within")
    expect(page.locator(".crossing").first).to_have_attribute("aria-label", re.compile("Canada: 83 %, entered"))
    page.locator(".crossing").first.click()
    expect(page.locator("#region-note")).to_contain_text("SYN-0021 enters with 83 %")
    assert "region=CAN" in page.url


def test_without_a_mouse(server, opened):
    page = opened(server.url, map_too=False)
    page.locator(".balloon").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("SYN-0028")
    expect(page.locator(".balloon")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("SYN-0028")
    expect(page.locator("#title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#balloons")).to_be_visible()
    page.locator("#tab-live").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-jobs")).to_be_focused()
    expect(page.locator("#tab-jobs")).to_have_attribute("aria-selected", "true")


def test_units_and_theme(server, opened):
    page = opened(server.url, map_too=False, color_scheme="dark")
    row = page.locator('.balloon[data-balloon="SYN-0007"] .value')
    expect(row).to_have_text(re.compile(r" m$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name=re.compile("^Units")).click()
    expect(row).to_have_text(re.compile(r" ft$"))
    page.get_by_role("button", name="Change to the light theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect(row).to_have_text(re.compile(r" ft$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_phone(server, opened):
    page = opened(server.url, width=360, height=640, has_touch=True, is_mobile=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    grip = page.get_by_role("button", name="Show or hide the list")
    tall = page.locator("#panel").bounding_box()["height"]
    grip.tap()
    expect(grip).to_have_attribute("aria-expanded", "false")
    page.wait_for_timeout(50)
    assert page.locator("#panel").bounding_box()["height"] < tall / 2
    grip.tap()
    page.locator(".balloon").first.tap()
    expect(page.locator(".facts")).to_be_visible()


def test_a_token_is_asked_for_once_and_kept_from_the_address(own_server, opened):
    server = own_server("--token", "correct horse")
    page = opened(server.url, map_too=False, wait=False)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Token").fill("wrong")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("The token was refused")
    dialog.get_by_label("Token").fill("correct horse")
    dialog.get_by_role("button", name="Go on").click()
    expect(page.locator(".balloon").first).to_be_visible()
    expect(dialog).to_have_count(0)
    assert "correct" not in page.url
