"""The toolbox: the IO both programs need; it knows nothing of marking."""
