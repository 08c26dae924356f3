"""What a stack can tell of itself that schemes ask for."""
