"""Back leads to the last page or subject; a page of the menu opens as it was left, also after a reload."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, address, choose, click_in_menu, parameter, resting, settled, until


def view(page: Page) -> tuple[str, dict[str, list[str]]]:
    """The page that is open, and what the address says of it."""
    parts = urlsplit(address(page))
    return parts.path.strip("/"), parse_qs(parts.query)


def ready(page: Page) -> None:
    """Wait until the history is kept: the component that does so comes after the page."""
    page.wait_for_function("() => window[Symbol.for('latentlab history')]?.listens")


def point(page: Page, x: float) -> str:
    """Point to a place of the plane; returns the code there."""
    plane = page.locator("canvas.plane")
    resting(page, plane)
    before = view(page)[1].get("z")
    plane.click(position={"x": x, "y": 100})
    until(page, lambda: view(page)[1].get("z") not in (None, before))
    settled(page)
    return parameter(page, "z")


def opens(page: Page, name: str) -> Callable[[], None]:
    def click() -> None:
        settled(page)
        click_in_menu(page, name)
        until(page, lambda: view(page)[0] == name.lower() and "run" in view(page)[1])
        settled(page)

    return click


def test_back_leads_to_the_last_page_however_often_the_view_changed(page: Page, server: Server) -> None:
    page.goto(server.url("traversal?run=mnist-vae-2d"))
    ready(page)
    for x in (60, 120, 180):
        last = point(page, x)
    opens(page, "Clusters")()
    expect(page).to_have_title("Clusters · MNIST in 2 dimensions")
    page.go_back()
    until(page, lambda: view(page)[0] == "traversal")
    settled(page)
    assert parameter(page, "z") == last
    expect(page).to_have_title("Traversal · MNIST in 2 dimensions")


def test_back_leads_to_the_last_subject(page: Page, server: Server) -> None:
    page.goto(server.url("traversal?run=mnist-vae-2d"))
    ready(page)
    point(page, 60)
    choose(page, "Model", "MNIST in 20 dimensions")
    until(page, lambda: view(page)[1]["run"] == ["mnist-vae-20d"])
    settled(page)
    page.go_back()
    until(page, lambda: view(page)[1]["run"] == ["mnist-vae-2d"])
    expect(page.get_by_role("combobox", name="Model", exact=True)).to_have_value("MNIST in 2 dimensions")


def test_a_page_of_the_menu_opens_as_it_was_left(page: Page, server: Server) -> None:
    page.goto(server.url("traversal?run=mnist-vae-2d"))
    ready(page)
    left = point(page, 90)
    opens(page, "Clusters")()
    page.reload()
    ready(page)
    opens(page, "Traversal")()
    assert parameter(page, "z") == left
    opens(page, "Clusters")()
    choose(page, "Model", "MNIST in 20 dimensions")
    until(page, lambda: view(page)[1]["run"] == ["mnist-vae-20d"])
    opens(page, "Traversal")()
    assert view(page)[1]["run"] == ["mnist-vae-20d"]  # what was chosen since, not what was left
    assert "z" not in view(page)[1]


def test_a_query_that_comes_before_its_page_takes_nothing_from_the_page_left(page: Page, server: Server) -> None:
    page.goto(server.url("traversal?run=mnist-vae-2d"))
    ready(page)
    left = point(page, 90)
    page.evaluate("""() => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, key: "Enter" }));
      history.replaceState({}, "", "/traversal?run=mnist-vae-2d");
      history.pushState({}, "", "/clusters?run=mnist-vae-2d");
    }""")  # what Streamlit does, in the order that it seldom has
    assert view(page)[0] == "clusters"
    page.go_back()
    until(page, lambda: view(page)[0] == "traversal")
    assert parameter(page, "z") == left
    kept = page.evaluate("() => JSON.parse(sessionStorage.getItem('latentlab /traversal')).search")
    assert parse_qs(kept[1:])["z"] == [left]
