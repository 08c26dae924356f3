"""What a playbook can do: one file an action, all behind :mod:`freehold.respond.actions.interface`."""
