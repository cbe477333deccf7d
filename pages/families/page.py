"""Variational families: a Gaussian, an auxiliary variable and a planar flow on one density with two modes."""

import math
from functools import partial

import streamlit as st

from latentlab.data.builtin.two_modes import log_partition
from latentlab.experiments import auxiliary_layers, families
from latentlab.experiments.families import ANNEALED_GAUSSIAN, AUXILIARY, GAUSSIAN, Fitted, flow_name
from latentlab.figures.families import densities, number_line
from pages.families.fits import BOX, MORE, MOST_MORE, density, fitted, request, shipped, tasks, truth, withdraw
from pages.families.verdict import verdict
from pages.navigation import FAMILIES, SAMPLING
from pages.shared.background import Waiting, show_tasks
from pages.shared.header import look, notes, title_line
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs

MAPS = (1, 2, 4, 8, 16, 32)
FIRST_MAPS = 16
GAUSSIANS = {"one mode": GAUSSIAN, "annealed": ANNEALED_GAUSSIAN}


@st.fragment
def compare() -> None:
    """The verdict, the four densities, the bounds, and what can be fitted again."""
    said = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        n_maps = st.select_slider(
            "Planar maps K of the flow", MAPS, FIRST_MAPS, key="maps", bind="query-params",
            help="K = 4 and 16 have been fitted; another K is fitted for you",
        )  # fmt: skip
        gaussian = linked_choice("Gaussian", tuple(GAUSSIANS), "one mode", "gaussian")
    names = {"Gaussian": GAUSSIANS[gaussian], "Auxiliary variable": AUXILIARY, "Planar flow": flow_name(int(n_maps))}
    if names["Planar flow"] not in shipped() and names["Planar flow"] not in MORE.get({}):
        request(names["Planar flow"])
    waited = {title: tasks(name) for title, name in names.items()}
    found = {title: one for title, name in names.items() if (one := fitted(name, waited[title])) is not None}
    with side:
        _restart(names)
    with said:
        st.info(verdict(found), icon=":material/lightbulb:")
        for title, name in names.items():
            waiting = Waiting(f"Fitting {name}", on_cancel=partial(withdraw, name))
            show_tasks(waited[title], waiting, f"The {name} can't be fitted")
    with picture:
        panels = {"Truth": truth()} | {_titled(title, one): density(one) for title, one in found.items()}
        figure(densities(panels, BOX, look()), "The density, and the best fit of each family")
    with side:
        marks = {"log Z": log_partition(), "one mode": log_partition() - math.log(2)}
        figure(
            number_line({one.name: one.bounds for one in found.values()}, marks, look()),
            "The bounds of all restarts of each family, the best of them larger",
        )
        st.caption("Each dot is a restart, the diamond the best of them, which is drawn on the left.")
        SAMPLING.link("Sample this density with chains", icon="casino", target="two modes on a ring")


def _restart(names: dict[str, str]) -> None:
    title = linked_choice("Fit once more", tuple(names), "Auxiliary variable", "again")
    full = MORE.get({}).get(names[title], 0) >= MOST_MORE
    st.button(
        "Restart, keep the best", key="restart", icon=":material/refresh:", disabled=full,
        on_click=request, args=(names[title],), width="stretch",
    )  # fmt: skip


def _titled(title: str, one: Fitted) -> str:
    return f"{title}: {one.bounds[one.best]:.3f} nats"


def every_fit() -> None:
    """The table of the experiment."""
    st.dataframe(families.table_rows(families.TABLE.read()), hide_index=True, alt="The families over their restarts")
    st.caption(
        "Mean ± standard deviation over the restarts, each of which begins elsewhere. “Both modes”: each has at least "
        "35 % of the draws. The importance-weighted bound of 100,000 draws comes near log Z wherever q reaches all of "
        "p, and stays at one mode's 1.18 where it doesn't. `python -m latentlab reproduce families`."
    )


def layers_of_avae() -> None:
    """The table of the experiment on layers of an auxiliary VAE."""
    scores = auxiliary_layers.TABLE.read()
    if not scores:
        st.info("Nothing has been trained yet; `python -m latentlab reproduce auxiliary-layers` does it.")
        return
    st.dataframe(auxiliary_layers.table_rows(scores), hide_index=True, alt="Auxiliary VAEs of one and two layers")
    st.caption(
        f"An auxiliary VAE of the digits with one and with two layers of z and a: mean ± standard deviation over the "
        f"seeds, of {auxiliary_layers.N_MEASURED} test examples at most. p(a|z): the auxiliary variable is expected "
        "from the code alone. Reported: the bound of 5,000 draws of MNIST (Maaløe et al. 2016), where the second layer "
        "gains 1.6 nats. `python -m latentlab reproduce auxiliary-layers`."
    )


title_line(FAMILIES)
if shipped():
    compare()
    tabs({"All fits": every_fit, "Layers of an auxiliary VAE": layers_of_avae})
else:
    st.info("Nothing has been fitted yet; `python -m latentlab reproduce families` does it.")
notes(
    "One density p(z) = exp(−U(z))/Z with two crescents, and what three families of q make of it, each by the best of "
    "its restarts. On the line: the bound E_q[−U − log q] of every restart. It can't exceed log Z = 1.8775, and what "
    "has one of the two modes alone can't exceed log Z − log 2 = 1.1844.",
    "Restart the auxiliary variable until it finds both modes. Lower K: when does the flow break? Switch the Gaussian "
    "to annealed: it covers both modes, with a bound far below that of one.",
    "The gap of a bound is KL(q ‖ p), which punishes q where p is small: a Gaussian does better on one mode. A planar "
    "flow reshapes a Gaussian by K invertible maps, log q following by their Jacobians (Rezende & Mohamed 2015). An "
    "auxiliary variable makes q(z) a mixture, and costs what p(a|z) doesn't know of a (Maaløe et al. 2016). The "
    "density is raised to a power that grows from 0.01 to 1 where a fit is annealed.",
)
