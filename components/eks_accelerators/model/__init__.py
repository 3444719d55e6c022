"""Decides: frozen plain values and pure functions. Creates no resource and imports no provider SDK."""
