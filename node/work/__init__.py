"""What happens on the node: one verb a file, one transaction a call."""
