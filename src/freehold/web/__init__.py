"""The warning desk as a service: its intake over HTTP, its live page."""
