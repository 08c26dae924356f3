"""The response: incidents, playbooks, actions, evidence."""
