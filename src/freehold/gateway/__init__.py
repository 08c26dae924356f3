"""The model gateway: routes by policy, falls back, stops, and says why."""
