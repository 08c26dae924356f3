"""The reference pages, made from the code: ``python -m freehold.reference FOLDER`` writes them. Documents; computes nothing."""
