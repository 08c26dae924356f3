"""Proof by experiment: a command of one's own runs while what a landlord holds cannot be reached. Owns drills and records."""
