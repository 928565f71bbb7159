"""The page for those who read it otherwise: by keyboard, on a phone, in other units, in the other theme."""

from __future__ import annotations

import re

from playwright.sync_api import expect

ROW = '.balloon[data-balloon="RISES"] .value'


def test_without_a_mouse(site, opened):
    page = opened(site.url, map_too=False)
    page.locator(".balloon").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("RISES")
    expect(page.locator(".balloon")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("RISES")
    expect(page.locator("#title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#balloons")).to_be_visible()
    page.locator("#tab-live").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-jobs")).to_be_focused()
    expect(page.locator("#tab-jobs")).to_have_attribute("aria-selected", "true")


def test_units_and_theme(site, opened):
    page = opened(site.url, map_too=False, color_scheme="dark")
    row = page.locator(ROW)
    expect(row).to_have_text(re.compile(r" m$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name=re.compile("^Units")).click()
    expect(row).to_have_text(re.compile(r" ft$"))
    page.get_by_role("button", name="Change to the light theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect(row).to_have_text(re.compile(r" ft$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_phone(site, opened):
    page = opened(site.url, width=360, height=640, has_touch=True, is_mobile=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    grip = page.get_by_role("button", name="Show or hide the list")
    tall = page.locator("#panel").bounding_box()["height"]
    grip.tap()
    expect(grip).to_have_attribute("aria-expanded", "false")
    page.wait_for_function("tall => document.getElementById('panel').offsetHeight < tall / 2", arg=tall)
    grip.tap()
    page.locator(".balloon").first.tap()
    expect(page.locator(".facts")).to_be_visible()
