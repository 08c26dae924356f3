"""A stack compiled to flat arrays, and the kernels on them; knows no names and no countries."""
