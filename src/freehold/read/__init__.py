"""Readers: one interface, one file a format or sort of folder."""
