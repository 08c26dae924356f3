"""The way out: what can be done, what it must achieve, and the cheapest plan that does, confirmed by the simulator."""
