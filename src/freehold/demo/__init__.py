"""A morning on one machine: stand-ins for providers and models, traffic, and what happens to them."""
