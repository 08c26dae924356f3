"""How fast Freehold is, and how large: workloads × phases with a bar each, measured beside named peers.

``python -m benchmarks run`` measures, ``python -m benchmarks report`` writes the table of README.md. Nothing here is
part of the program, and nothing of it is needed to run the program.
"""
