"""What happens on the hub: one verb a file, one transaction a call."""
