"""The launcher: small and seldom changed, it runs the current version and falls back when a new
one does not come up. Nothing but the standard library, and nothing of the node's other rooms.
"""
