"""Programs that make the data this repository carries; `python -m tools.<name>`."""
