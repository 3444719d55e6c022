"""What the library decides: frozen plain values and pure functions over them; no resources, no provider SDK."""
