"""Gas that drifts: Gaussian plume and puff, and what they leave on the ground."""
