"""Writers: one format a file, all behind ``interface``."""
