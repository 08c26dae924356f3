"""Who is told of alerts: one module for each way."""
