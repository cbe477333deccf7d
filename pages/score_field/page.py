"""Score field: what a denoising autoencoder learned about the density of its data."""

from functools import partial

import streamlit as st

from latentlab.subjects import Subject
from pages.navigation import SCORE_FIELD
from pages.score_field.at_a_place import at_a_place, is_it_a_gradient
from pages.score_field.choose_data import choose_data
from pages.score_field.contracting import EXACT, TITLE, contracting
from pages.score_field.images import images
from pages.score_field.plane import the_plane
from pages.shared import url_state
from pages.shared.header import header, notes
from pages.shared.linked_choice import link_renamed
from pages.shared.tabs import tabs
from pages.shared.visit import Slot


@st.fragment
def score_field(run: Subject, mine: bool) -> None:
    """The plane and the tabs below it: all that reruns when something on it is changed."""
    denoiser, box = the_plane(run, mine)
    tabs(
        {
            "At a place": partial(at_a_place, denoiser),
            "Energy and curl": partial(is_it_a_gradient, denoiser, box),
            TITLE: contracting,
        }
    )


run = header(SCORE_FIELD)
if run is None:
    st.stop()
if url_state.read("detail") == "One dimension":  # in older links
    Slot[str]("autoencoders").set(EXACT)
    link_renamed("detail", {"One dimension": TITLE})
mine = choose_data(run)
if run.shape == (2,):
    score_field(run, mine)
else:
    images(run)
notes(
    "Each arrow is (r(x) − x) / σ²: how the network would move a point to make it more probable; of an example of many "
    "numbers, the arrow is one, too. Where training was not on Gaussian noise of one σ, only the direction means "
    "something, and is drawn. On the data it hardly moves; between two ridges the arrows point in opposite directions. "
    "Green is where the data are dense, orange how large a number is. In the plane, the ring is a point: its ellipse "
    "is the posterior of the clean example (1 σ), the line is the path of repeated denoising.",
    "Choose other data, train a network now, and look back at how its field formed. Paint points of your own. Zoom in "
    "between two arms of the spiral. Open “A spurious attractor” of the paper's examples: it is right near the data. "
    "Lay “walkback” over it: the chain that such a training learns to undo.",
    "The best denoiser is r(x) = E[clean | noisy = x] = x + σ² ∇ log q(x), with q the density of the data blurred by "
    "the noise (Miyasawa 1961; Vincent 2011; Alain 2018, Theorem 1, where σ → 0; it holds for every σ). Its "
    "Jacobian is I + σ² times the Hessian of log q. A network's field need not be a gradient: its curl measures how "
    "far it is from one. A spurious attractor is there by chance: of seven seeds three have one, where 5 to 7 % of the "
    "places shown end, and four have none; the median cosine is 0.95 to 0.97. With walkback none of the seven has one, "
    "and the cosine is 0.98 to 0.99.",
)
