"""Mirrors that prove themselves: what a command needed from package registries, kept at home, and drilled without them."""
