"""Whether each dimension of a code is one factor of the data: scores of codes whose factors are known."""
