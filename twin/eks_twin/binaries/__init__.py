"""Finds the real programs on PATH, downloads them where the network allows, or builds them from pinned Go modules."""
