"""LatentLab in the browser: the frame around the pages."""

from pathlib import Path

import streamlit as st

from latentlab import device
from pages.navigation import HOME, PAGES

ICON = Path(__file__).parent / "pages" / "shared" / "icon.svg"


def main() -> None:
    """Draw the frame and the page in it."""
    st.set_page_config("LatentLab", ICON, layout="wide")
    st.logo(ICON)
    device.limit_threads()
    pages = [
        st.Page(
            page.path,
            title=page.title,
            icon=f":material/{page.icon}:" if page.icon else None,
            url_path=None if page is HOME else page.url,
            default=page is HOME,
        )
        for page in PAGES
    ]
    st.navigation(pages, position="top").run()


if __name__ == "__main__":  # a helper process imports this file too, and must not run it
    main()
