"""Steer the code of an autoencoder along a probe's direction, and measure the effect on all other probes."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.activations import encode_all
from latentlab.analysis.image_attributes import MEASURES
from latentlab.analysis.probes.linear_probe import Probe, linear_probe
from latentlab.analysis.probes.steering import Leakage, leakage, steered
from latentlab.analysis.probes.tasks import CLASS, NOISE, PARITY
from latentlab.figures.probes.matrices import leakage_figure
from latentlab.models import Decodes, Encodes
from latentlab.subjects import Subject
from pages.navigation import TRAVERSAL
from pages.probes.curves import probe_task, resolved, targets
from pages.shared import cached
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember
from pages.shared.selections import Group
from pages.shared.text import plain

STEPS = np.linspace(-3, 3, 9)  # standard deviations of the codes along the direction
ROWS = 4  # examples that are steered
EXAMPLES = 200  # that leakage is measured on
SAME_EXAMPLES = (CLASS, PARITY, *MEASURES)  # targets that are probed on the same examples


def steering(run: Subject, target: str) -> None:
    """Images along the direction of a probe, and what else changes; nothing where the model has no decoder."""
    if target == NOISE or not run.has(Encodes) or not run.has(Decodes):
        return
    st.markdown("**Steer**: codes moved along the direction of the probe, decoded")
    names = probe_task(run, target, 0).names
    towards = st.selectbox("Towards", names, len(names) - 1, key=f"towards-{target}", width=240, bind="query-params")
    k = names.index(str(towards))
    about = resolved(run, target)
    probe, codes = _latent_probe(run, about), cached.standard_codes(run).numpy()
    moved = steered(codes, probe.direction(k), STEPS.tolist())[:, :ROWS].swapaxes(0, 1)  # (rows, steps, z_dim)
    x = cached.decoder(run)(torch.from_numpy(np.ascontiguousarray(moved.reshape(-1, moved.shape[-1]))))
    left, right = st.columns(2, gap="large")
    with left:
        show(appearance_of(run), x, len(STEPS), "Codes steered away from the class and towards it, decoded")
        st.caption(
            f"From −3 to 3 standard deviations towards “{plain(towards)}”; in the middle the examples as they "
            f"are. The probe errs on {probe.score.error:.1%} of {probe.score.n} examples, chance {probe.baseline:.1%}."
        )
        end = cached.farthest(run)
        ends = [";".join(",".join(f"{v:.2f}" for v in np.clip(moved[0, at], -end, end)) for at in (1, -2))]
        TRAVERSAL.link("Open both ends in Traversal", run=run.id, z=ends[0].split(";")[1], pins=ends[0], detail="Paths")
    with right:
        found = _leakage(run, about, k)
        figure(leakage_figure(found, look()), "What changes when codes are steered by each probe")
        st.caption(
            f"Change of the probability of each target (column), in percentage points, when {EXAMPLES} codes are moved "
            f"{found.sigmas:g} σ along each probe (row), decoded and encoded again. Off the diagonal it is leakage."
        )


@remember(64)
def _latent_probe(run: Subject, target: str | Group) -> Probe:
    """A probe of the codes, in standard deviations, of the examples that are saved with the run."""
    task = probe_task(run, target, 0)
    fit, choose, _ = task.sizes
    z = _codes(run, CLASS if target in SAME_EXAMPLES else target)
    parts = [(z[rows], task.y[rows]) for rows in (slice(fit, fit + choose), slice(fit + choose, None))]
    return linear_probe(z[:fit], task.y[:fit], valid=parts[0], test=parts[1], n_classes=len(task.names))


@remember(8)
def _codes(run: Subject, target: str | Group) -> NDArray[np.float32]:
    """(N, z_dim) of the examples that a target is probed on."""
    return encode_all(cached.encoder(run), probe_task(run, target, 0).x)


@remember(64)
def _leakage(run: Subject, target: str | Group, k: int) -> Leakage:
    probes = {}
    own = target.name if isinstance(target, Group) else target
    for name in targets(run):
        if name not in MEASURES and name != own:
            continue
        about = target if name == own else name
        names = probe_task(run, about, 0).names
        which = k if name == own else len(names) - 1
        try:
            probes[f"{name}: {names[which]}"] = (_latent_probe(run, about), which)
        except ValueError:  # an answer that all examples share
            continue
    codes = cached.standard_codes(run).numpy()[:EXAMPLES]
    return leakage(cached.encoder(run), cached.decoder(run), codes, probes)
