"""Many batches of one kind of work, on one core, on several, or on a cluster."""
