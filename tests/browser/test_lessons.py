"""A lesson in a real browser: its bar leads from view to view, stays over the menu, and goes with present mode."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, click_in_menu, parameter, settled, until


def test_a_lesson_leads_from_page_to_page_and_is_kept(page: Page, server: Server) -> None:
    page.goto(server.url("lessons"))
    page.get_by_role("link", name="First look", exact=True).click()
    until(page, lambda: parameter(page, "lesson") == "1_first_look.1")
    page.get_by_role("link", name="Next", exact=True).click()
    until(page, lambda: parameter(page, "lesson") == "1_first_look.2")
    expect(page.get_by_role("heading", name="Clusters")).to_be_visible()
    settled(page)
    click_in_menu(page, "Traversal")  # where the first step was: this is still the second
    expect(page.get_by_role("heading", name="Traversal")).to_be_visible()
    settled(page)
    assert parameter(page, "lesson") == "1_first_look.2"
    page.reload()
    page.get_by_role("link", name="Back to the step").click()
    expect(page.get_by_role("heading", name="Clusters")).to_be_visible()


def test_while_presenting_type_is_large_and_controls_are_hidden(page: Page, server: Server) -> None:
    page.goto(server.url("clusters?run=mnist-vae-2d"))
    colour = page.get_by_role("combobox", name="Colour", exact=True)
    expect(colour).to_be_visible()
    size = "() => parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)"
    before, wide = page.evaluate(size), page.locator(".scatter").bounding_box()
    page.get_by_role("button", name="Present").click()
    expect(colour).to_be_hidden()
    expect(page.locator(".scatter")).to_be_visible()
    assert page.evaluate(size) == 1.5 * before
    settled(page)
    larger = page.locator(".scatter").bounding_box()
    assert wide
    assert larger
    assert larger["width"] > 1.2 * wide["width"]
    click_in_menu(page, "Traversal")
    expect(page.get_by_role("heading", name="Traversal")).to_be_visible()
    assert parameter(page, "present") == "1"
    settled(page)
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_role("combobox", name="Compare with", exact=True)).to_be_visible()
