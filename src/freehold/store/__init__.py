"""What is kept: stacks with their history, events, and answers. The plug point is :mod:`freehold.store.interface`."""
