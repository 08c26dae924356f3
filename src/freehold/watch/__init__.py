"""The warning system: events, rules, alerts, levels, blast radius."""
