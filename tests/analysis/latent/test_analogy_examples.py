"""The examples of an analogy, against codes in which slant and class are directions."""

import numpy as np

from latentlab.analysis.latent.analogy_examples import slant_analogy


def test_the_three_examples_add_up_to_a_slanted_one_of_the_other_class() -> None:
    rng = np.random.default_rng(0)
    y, slant = np.arange(60) % 3, rng.permutation(np.linspace(-1, 1, 60))
    slant[:2] = np.nan
    codes = np.stack([slant, 5 * (y == 2)], 1).astype(np.float32) + 0.01 * rng.normal(size=(60, 2)).astype(np.float32)
    a, b, c = slant_analogy(np.nan_to_num(codes), slant, y, 0, 2)
    assert (y[a], y[b], y[c]) == (0, 0, 2)
    assert slant[a] >= np.sort(slant[(y == 0) & np.isfinite(slant)])[-3]
    assert max(abs(slant[b]), abs(slant[c])) < 0.3
    np.testing.assert_allclose(codes[a] - codes[b] + codes[c], [slant[a] - slant[b] + slant[c], 5], atol=0.1)
