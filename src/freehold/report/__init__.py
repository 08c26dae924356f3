"""Answers as something to read: one view model, many faces. Results come in, text goes out; nothing is computed here."""
