"""One answer a file: cutoff, reliance, why, restart, content, gaps, unknowns."""
