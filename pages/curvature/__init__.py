"""The page Curvature: the Hessian of a run's loss at its snapshots, and what its step size bears."""
