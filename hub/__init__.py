"""The city's centre: imports, allocates, announces, watches, exports."""
