"""LatentLab in the browser: the frame around the pages."""

from pathlib import Path

import streamlit as st

from latentlab import device

ICON = Path(__file__).parent / "pages" / "ui" / "icon.svg"


def main() -> None:
    """Draw the frame and the page in it."""
    st.set_page_config("LatentLab", ICON, layout="wide")
    st.logo(ICON)
    device.limit_threads()
    st.navigation(
        [
            st.Page("pages/home.py", title="LatentLab", default=True),
            st.Page("pages/traversal.py", title="Traversal", icon=":material/tune:"),
            st.Page("pages/clusters.py", title="Clusters", icon=":material/scatter_plot:"),
            st.Page("pages/field.py", title="Score field", icon=":material/air:"),
            st.Page("pages/analogies.py", title="Analogies", icon=":material/grid_on:"),
            st.Page("pages/sampling.py", title="Sampling", icon=":material/casino:"),
            st.Page("pages/gsn.py", title="GSN", icon=":material/directions_walk:"),
            st.Page("pages/probes.py", title="Probes", icon=":material/device_thermostat:"),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        ],
        position="top",
    ).run()


if __name__ == "__main__":  # a helper process imports this file too, and must not run it
    main()
