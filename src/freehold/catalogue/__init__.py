"""Who controls what: sourced facts, and the one matcher of hosts and package URLs."""
