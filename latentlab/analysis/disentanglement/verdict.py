"""What the information of dimensions and factors says, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from latentlab.analysis.disentanglement.information import Information

READ = 0.1  # share of a factor's entropy, beyond what chance gives, that makes it readable from a dimension
OWN = 0.5  # of what its best dimension says: so much more than the second best, and the factor has one of its own


def of_factors(found: Information, factors: Sequence[str], dimensions: Sequence[str]) -> str:
    """Which factors have a dimension of their own, which share some, and which no dimension says much of.

    A dimension is a factor's own if no other factor is read better from it. That is decided without what chance gives;
    what is said is the whole share, as in the matrix.
    """
    shares = (found.nats - found.bias) / found.entropies
    best, gaps = shares.argmax(0), found.gaps
    own, shared, nowhere = [], [], []
    for k, name in enumerate(factors):
        most = shares[best[k], k]
        said = f"{name} ({dimensions[best[k]]}, {found.shares[best[k], k]:.0%})"
        if most < READ:
            nowhere.append(name)
        elif shares[best[k]].argmax() == k and gaps[k] >= OWN * most:
            own.append(said)
        else:
            shared.append(said)
    count = f"{len(own)} of {len(factors)} factors" if own else "No factor"
    verb = "has" if len(own) < 2 else "have"
    sentences = [f"{count} {verb} a dimension of {'their' if len(own) > 1 else 'its'} own" + _listed(": ", own)]
    if shared:
        sentences.append("In several dimensions, or in one with another factor" + _listed(": ", shared))
    if nowhere:
        sentences.append("No dimension alone says much of " + " or ".join(nowhere))
    return ". ".join(sentences) + "."


def _listed(before: str, names: Sequence[str]) -> str:
    return before + ", ".join(names) if names else ""
