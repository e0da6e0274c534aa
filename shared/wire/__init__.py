"""The words hub and node exchange, and nothing else."""
