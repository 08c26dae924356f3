"""Published scoring schemes: data, and one evaluator."""
