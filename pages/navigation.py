"""The pages, in the order of the menu: the only list of them, which app, first page, header, links and tests read."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import streamlit as st

from latentlab.analysis.monitoring.scores import SCORE
from latentlab.models import (
    Autoregressive,
    AutoregressiveGivenCode,
    Classifies,
    Conditional,
    Decodes,
    Denoises,
    Discriminates,
    Encodes,
    Energy,
    InfersClusters,
    InfersLatents,
    Layered,
    LogLikelihood,
    Model,
    Samples,
    Trains,
    Walks,
)
from latentlab.subjects import Subject


class Card(NamedTuple):
    """What the first page shows of a page: a picture of it, and the run that it opens with, if any."""

    picture: bytes | str  # a PNG, or a drawing (SVG)
    run: Subject | None = None


@dataclass(frozen=True)
class Page:
    """A page of the app: the folder `pages/<name>/`, whose `page.py` draws it.

    Attributes:
        name: of its folder.
        title: as the menu and the header show it.
        icon: of the menu, a name of Material Symbols; empty for none.
        needs: it is offered runs whose model has one of these abilities; empty: it can do without a run.
        first: the run that is chosen where nothing else says which.
        images: it draws examples as pictures, so runs of points drawn from a density aren't for it.
        vectors: it takes runs of tables only, by rows or by windows of rows, whose columns have names.
        data: it can show data without a model, and so can its card.
        text: what it is for, in a sentence, on the first page.
        pictured: its card there has a picture: from its `card.py`, with a function `card(run) -> Card | None`.
        address: the last part of its URL, where it isn't its name: links made with it go on working.
        group: of the menu; empty for what stands in the menu itself.
    """

    name: str
    title: str
    icon: str = ""
    needs: tuple[type[Model], ...] = ()
    first: str = "mnist-vae-2d"
    images: bool = False
    vectors: bool = False
    data: bool = False
    text: str = ""
    pictured: bool = True
    address: str = ""
    group: str = ""

    @property
    def url(self) -> str:
        """The last part of its URL."""
        return self.address or self.name

    @property
    def symbol(self) -> str | None:
        """Its icon, as Streamlit's elements take it."""
        return _symbol(self.icon)

    @property
    def path(self) -> str:
        """Of its script, from the root."""
        return f"pages/{self.name}/page.py"

    def card(self, run: Subject) -> Card | None:
        """Its card on the first page, of the chosen run or of one that suits the page; None if there is none."""
        found: Card | None = importlib.import_module(f"pages.{self.name}.card").card(run) if self.pictured else None
        return found

    def open(self, **query: str) -> NoReturn:
        """Go there instead of drawing the page that is open."""
        st.switch_page(self.path, query_params=query)

    def button(self, label: str, key: str, primary: bool = False) -> bool:
        """Draw a button with its icon; returns whether it was pressed."""
        return st.button(label, key, icon=self.symbol, type="primary" if primary else "secondary")

    def link(self, label: str, about: str | None = None, icon: str = "", **query: str) -> None:
        """Draw a link to it, with its own icon unless another is named; `query` is what the address says there."""
        st.page_link(self.path, label=label, help=about, icon=_symbol(icon or self.icon), query_params=query)


def _symbol(icon: str) -> str | None:
    return f":material/{icon}:" if icon else None


HOME = Page("home", "LatentLab", needs=(Decodes, Conditional), images=True, pictured=False)
YOUR_DATA = Page(
    "your_data", "Your data", "upload_file",
    text="Upload images, a table or vectors: see how they are read, map them, train on them.",
    group="Train",
)  # fmt: skip
TRAVERSAL = Page(
    "traversal", "Traversal", "tune", (Decodes, InfersLatents), images=True,
    text="Point anywhere on the plane or drag a dimension, and watch the example change.",
    group="Explore",
)  # fmt: skip
CLUSTERS = Page(
    "clusters", "Clusters", "scatter_plot", (Encodes, Classifies), data=True,
    text="All examples on one map, similar ones together: see which classes overlap, and decode what lies between.",
    group="Explore",
)  # fmt: skip
SCORE_FIELD = Page(
    "score_field", "Score field", "air", (Denoises,), first="spiral-dae", address="field",
    text="See where a denoiser would move each point and each value: what it learned of the density.",
    group="Density",
)  # fmt: skip
ANALOGIES = Page(
    "analogies", "Analogies", "grid_on", (Conditional, Decodes), first="mnist-cvae", images=True, data=True,
    text="Carry a style to every class, and add what makes one group differ from another to any example.",
    group="Explore",
)  # fmt: skip
FEW_LABELS = Page(
    "few_labels", "Few labels", "label", (Classifies,), first="moons-adgm",
    text="Give the class of a few examples, and watch a model find the rest.",
    group="Train",
)  # fmt: skip
SAMPLING = Page(
    "sampling", "Sampling", "casino", (Decodes, Denoises, Energy, Samples),
    text="Draw new samples from what a model learned, and check whether the sampler can be trusted.",
    group="Density",
)  # fmt: skip
GSN = Page(
    "gsn", "GSN", "directions_walk", (Walks,), first="mnist-gsn", images=True,
    text="Follow a Markov chain from example to example.",
    group="Density",
)  # fmt: skip
ADVERSARIAL = Page(
    "adversarial", "Adversarial training", "swords", (Discriminates,), first="gaussian-gan", pictured=False,
    text="Watch a generator and a discriminator play, and see whether all of the data are covered.",
    group="Density",
)  # fmt: skip
FAMILIES = Page(
    "families", "Variational families", "blur_on", pictured=False,
    text="Fit a Gaussian, an auxiliary variable and a flow to one density: which finds both modes?",
    group="Density",
)  # fmt: skip
PROBES = Page(
    "probes", "Probes", "device_thermostat", (Encodes, Classifies, Denoises, Discriminates), images=True, data=True,
    text="Ask every layer what can be read from it, before and after training.",
    group="Diagnose",
)  # fmt: skip
CLASSIFIER = Page(
    "classifier", "Classifier", "fact_check", (Classifies,), first="sketches-cnn",
    text="See what a classifier confuses, what it looks at, and whether you do better.",
    group="Diagnose",
)  # fmt: skip
LAYERS = Page(
    "layers", "Layers", "layers", (Layered,), first="digits-five-layers-lvae", images=True, pictured=False,
    text="See what each layer of a hierarchy carries, which collapsed, and what it decides.",
    group="Diagnose",
)  # fmt: skip
CLUSTER_AWARE = Page(
    "cluster_aware", "Cluster-aware generation", "hub", (InfersClusters,), first="digits-cagem-plane", pictured=False,
    text="Generate from a model that knows in which cluster, or in which class, an example lies.",
    group="Diagnose",
)  # fmt: skip
LIKELIHOOD = Page(
    "likelihood", "Likelihood", "stairs_2", (LogLikelihood,), pictured=False,
    text="Measure how probable test examples are under a model, and how tight its bound is.",
    group="Diagnose",
)  # fmt: skip
PIXELS = Page(
    "pixels", "Autoregressive decoding", "apps", (Autoregressive, AutoregressiveGivenCode),
    first="digits-pixelcnn-classes", images=True, pictured=False,
    text="Watch an image grow pixel by pixel, and see what each one depends on and costs.",
    group="Diagnose",
)  # fmt: skip
CURVATURE = Page(
    "curvature", "Curvature", "landscape", (Trains, Classifies), first="digits-rmsprop", pictured=False,
    text="Follow the sharpest and the lowest direction of a loss over the training.",
    group="Diagnose",
)  # fmt: skip
IMPORTANCE_SAMPLING = Page(
    "importance_sampling", "Importance sampling", "balance", (Classifies,), first="digits-sgd", pictured=False,
    text="Draw examples by the length of their gradients: train faster, and find wrong labels.",
    group="Diagnose",
)  # fmt: skip
GENERATED = Page(
    "generated", "Generated images", "image_search", (Decodes, Samples, Conditional), first="sketches-vae",
    images=True, pictured=False,
    text="Let a classifier name what a model generates, and hold it against what it names right of real ones.",
    group="Diagnose",
)  # fmt: skip
FACTORS = Page(
    "factors", "Factors", "category", (Encodes,), first="shapes-beta-vae", images=True, pictured=False,
    text="Find out which dimension carries which factor, and how well they are taken apart.",
    group="Diagnose",
)  # fmt: skip
MONITORING = Page(
    "monitoring", "Monitoring", "monitor_heart", SCORE, first="photovoltaic-vae", vectors=True, pictured=False,
    text="Watch readings of sensors with a model of what is normal: what is strange, since when, and which sensor.",
    group="Diagnose",
)  # fmt: skip
LESSONS = Page(
    "lessons", "Lessons", "school", pictured=False,
    text="Learn on the pages themselves, in steps of a minute each.",
    group="Learn",
)  # fmt: skip
TRAIN = Page("train", "Train", "model_training", text="Choose data and a model, and watch it learn.", group="Train")
SWEEPS = Page(
    "sweeps", "Sweeps", "grid_view", pictured=False,
    text="Train a grid of settings with several seeds, and see which is best, or that none is.",
    group="Train",
)  # fmt: skip

TRANSFER = Page(
    "transfer", "Transfer", "swap_horiz", pictured=False,
    text="Put a new head on a network that was trained on other data, and see when that pays.",
    group="Train",
)  # fmt: skip

PAGES = (
    HOME, TRAVERSAL, CLUSTERS, ANALOGIES, SCORE_FIELD, SAMPLING, GSN, ADVERSARIAL, FAMILIES, PROBES, CLASSIFIER,
    GENERATED, LAYERS, CLUSTER_AWARE, LIKELIHOOD, PIXELS, CURVATURE, IMPORTANCE_SAMPLING, FACTORS, MONITORING, TRAIN,
    SWEEPS, TRANSFER, FEW_LABELS, YOUR_DATA, LESSONS,
)  # fmt: skip
