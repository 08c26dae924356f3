"""From a stack, a goal and options to a plan that the simulator has confirmed. Owns the order of that work.

Options are judged by the simulator; a search finds the least cost, or proves that there is no plan; what it found is put on
dates, confirmed day by day by plain cut-offs of the changed stack, and only then described.
"""

from __future__ import annotations

__all__ = ["Beside", "make_plan"]
