"""Support at a point, memorisation, and the bottleneck: the tab that is computed on demand."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from latentlab.analysis.latent.bottleneck import Health, health
from latentlab.analysis.latent.memorisation import Nearest, distance_quantile, nearest, nearest_other
from latentlab.analysis.latent.support import SupportMap, support_map
from latentlab.analysis.latent.traversal import plane
from latentlab.data import Dataset, Kind
from latentlab.figures.latent.diagnosis import correlations, qq_plots, support_maps
from latentlab.figures.latent.traversal import carried
from latentlab.models import Encodes, HasPosterior
from latentlab.subjects import Subject
from pages.components.explorer import View
from pages.shared import cached
from pages.shared.classifier import classifier, classifier_run, key_of
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.images import figure, panels
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.traversal.live_explorer import on_plane

QUESTIONS = ("Is this place real?", "Is it a copy?", "Is the bottleneck healthy?")
NODES = 40  # along a side of the map
REFERENCE = 500  # training images whose distance to the others is the yardstick


def diagnosis(run: Subject, view: View) -> None:
    """The map of support around the point, the nearest training images, and diagnostics of the bottleneck."""
    which = linked_choice("Question", QUESTIONS, QUESTIONS[0], "question", label_visibility="collapsed")
    if not run.has(Encodes):
        st.info("This model has no encoder, so there is nothing to compare a place with.")
    elif which == QUESTIONS[0]:
        _real(run, view)
    elif which == QUESTIONS[1]:
        _copy(run, view)
    else:
        _health(run)


def _real(run: Subject, view: View) -> None:
    with st.spinner("Mapping the plane …"):
        held, here, names = on_plane(run, view)
        measured = _support(run, held, view.axes)
    panels(support_maps(measured, here, names, run.classes, look()), "A map of the plane")
    found = classifier_run(run)
    by = f"the classifier is “{plain(found.title)}”" if found is not None else "there is no classifier of these data"
    st.caption(
        f"Over {len(cached.examples(run))} test examples, their {cached.n_near(run)} nearest at each place. The round "
        "trip is how far decoding and encoding again moves a place; magnification is how fast the example changes "
        f"there; {by}."
    )


def _copy(run: Subject, view: View) -> None:
    with st.spinner("Finding the nearest training examples …"):
        reference, codes, between = _training(run)
    image = cached.decoder(run)(torch.tensor([view.z]))
    x = reference.batch().x
    in_pixels, in_code = nearest(image, x), nearest(torch.tensor([view.z]), codes)
    three = torch.cat([image, x[in_pixels.index], x[in_code.index]])
    what = "training" if cached.has_data(run) else "test"
    noun, where = ("image", "in pixels") if run.spec.kind is Kind.IMAGE else ("example", "in the scaled numbers")
    left, right = st.columns([1, 2], gap="large")
    with left:
        show(
            appearance_of(run), three, 3,
            f"The decoded example, its nearest {what} example {where}, and the one with the nearest code",
        )  # fmt: skip
        st.caption(f"decoded · nearest {where} · nearest code")
    with right:
        st.markdown(
            f"The nearest of {len(x):,} {what} {noun}s is **{in_pixels.distance[0]:.2f}** away {where}; its code is "
            f"**{np.linalg.norm(codes[in_pixels.index[0]].numpy() - np.asarray(view.z)):.2f} σ** from here."
        )
        for who, known in between.items():
            share = float(distance_quantile(in_pixels.distance, known.distance)[0])
            st.markdown(f"**{share:.0%}** of {len(known.distance)} {who} are nearer than this to a {what} {noun}.")
        st.caption(
            f"Near 0 % it would be memorised. A blurred {noun} is near to many, so a low number alone proves nothing."
        )


def _health(run: Subject) -> None:
    found = _state(run)
    if found is None:
        st.markdown(cached.dimensions(run).summary)
        figure(carried(cached.dimensions(run), look(), code=run.code), "What each dimension carries")
        return
    st.markdown(f"**{found.diagnosis}** Over {found.n_examples:,} test examples.")
    drawn = {
        "what each dimension carries": carried(found, look(), code=run.code),
        "correlation of every two dimensions": correlations(found, look()),
    }
    panels(drawn, "The bottleneck")
    st.caption(
        "Are the codes distributed as the prior says? Solid: quantiles of the codes of all examples together; dotted: "
        "where they would be if so."
    )
    figure(qq_plots(found, look()), "Quantiles of the codes against those of the prior, for each dimension")


@remember(16, on=lambda run, *_: key_of(classifier_run(run)))
def _support(run: Subject, held: cached.Code, axes: tuple[int, int]) -> SupportMap:
    place = plane(torch.tensor(held), cached.directions(run, axes))
    return support_map(
        cached.decoder(run),
        cached.encoder(run),
        classifier(run),
        cached.standard_codes(run),
        NODES,
        k=cached.n_near(run),
        place=place,
    )


@remember(2, on=cached.has_data)
def _training(run: Subject) -> tuple[Dataset, Tensor, dict[str, Nearest]]:
    """The training images (else the saved test examples), their codes, and distances of other examples to compare
    with.
    """
    reference = cached.splits(run.dataset).train if cached.has_data(run) else cached.examples(run)
    encode = cached.encoder(run)
    codes = torch.cat([encode(reference.batch(i).x) for i in torch.arange(len(reference)).split(1_000)])
    x = reference.batch().x
    rows = torch.arange(len(x))[:: max(1, len(x) // REFERENCE)]
    between = {"of their own": nearest_other(x, rows)}
    if cached.has_data(run):
        between["test examples"] = nearest(cached.examples(run).batch().x, x)
    return reference, codes, between


@remember(16, on=cached.has_data)
def _state(run: Subject) -> Health | None:
    """Diagnostics of a VAE's bottleneck over the test set (else the saved examples); None without a posterior."""
    model = cached.model(run)
    if not isinstance(model, HasPosterior):
        return None
    test = cached.splits(run.dataset).test if cached.has_data(run) else cached.examples(run)
    with torch.no_grad():
        parts = [model.posterior(test.batch(index).x) for index in torch.arange(len(test)).split(1_000)]
    mean, log_std = (torch.cat(part) for part in zip(*parts, strict=True))
    return health(mean, log_std, run.code)
