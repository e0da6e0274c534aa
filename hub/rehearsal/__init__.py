"""The dress rehearsal and the demo: a whole exam played with real processes."""
