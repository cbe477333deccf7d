"""The draws of an experiment, to be taken into another program."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import streamlit as st

from latentlab.analysis.sampling import Experiment
from latentlab.export.chains import draws_csv, draws_netcdf, draws_npz, draws_of, why_no_netcdf
from latentlab.subjects import Subject
from pages.sampling.experiment import Setup
from pages.shared.downloads import download


def downloads(run: Subject, setup: Setup, found: Experiment, burn_in: float) -> None:
    """Offer the draws after the burn-in as files."""
    settings = {name: value for name, value in asdict(setup).items() if value is not None}
    draws = partial(draws_of, found, burn_in, {"run": run.id, "burn_in": burn_in, **settings})
    name = f"{run.id}-{setup.target}-{setup.sampler}".replace(" ", "-")
    with st.popover("Download the draws", icon=":material/download:"):
        if why := why_no_netcdf():
            st.caption(why)
        else:
            about = "For ArviZ: groups posterior and sample_stats, with the settings as attributes"
            download("NetCDF", lambda: draws_netcdf(draws()), f"{name}.nc", about)
        download("npz", lambda: draws_npz(draws()), f"{name}.npz", "For NumPy: arrays by name, with the settings")
        download("CSV", lambda: draws_csv(draws()), f"{name}.csv", "A row for each draw, without the settings")
