"""What several models share: likelihoods, posteriors, bounds."""
