"""The one helper process that every page asks for what takes more than a second."""

from __future__ import annotations

import streamlit as st

from latentlab.jobs.background import Background

EVERY = 1.0  # seconds between two looks at the helper


@st.cache_resource(max_entries=1, show_spinner=False)
def background() -> Background:
    """The helper process of this server."""
    return Background()
