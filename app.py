"""LatentLab in the browser: the frame around the pages. `python app.py` serves it; its flags are Streamlit's."""

import gc
import importlib
import sys
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

from latentlab import device
from latentlab.jobs.clear_up import clear_up
from pages.navigation import HOME, PAGES

USED = ("pandas", "scipy.stats", "sklearn.linear_model", "sklearn.neighbors")  # by pages, and imported where they are
SHARED = Path(__file__).parent / "pages" / "shared"
ICON = SHARED / "icon.svg"


def main() -> None:
    """Draw the frame and the page in it."""
    st.set_page_config("LatentLab", ICON, layout="wide")
    st.logo(ICON)
    st.html(SHARED / "frame.css")
    st.html(SHARED / f"{'dark' if st.context.theme.type == 'dark' else 'light'}.css")
    device.limit_threads()
    groups: dict[str, list[Any]] = {}
    for page in PAGES:
        url = None if page is HOME else page.url
        entry = st.Page(page.path, title=page.title, icon=page.symbol, url_path=url, default=page is HOME)
        groups.setdefault(page.group, []).append(entry)
    st.navigation(groups, position="top").run()


def serve(flags: list[str]) -> None:
    """Start a server of this script; returns when it is stopped.

    Until `st.navigation` was called once, Streamlit takes the folder pages/ for its older convention, and says that a
    page which a link opens first doesn't exist. What pages use is imported before: Plotly fails in one visitor's thread
    while that of another is half-way through importing pandas, and no page has to wait for it.
    """
    device.limit_threads()
    clear_up()
    for name in USED:
        importlib.import_module(name)
    gc.freeze()  # what was imported stays: collections need not go through it
    PagesManager.uses_pages_directory = False
    cli.main(["run", __file__, *flags], prog_name="streamlit")


if __name__ == "__main__":  # a background process imports this file too, and must do neither
    if runtime.exists():
        main()
    else:
        serve(sys.argv[1:])
