"""A hub and a node on two ends of a real, shaped link between two network namespaces."""
