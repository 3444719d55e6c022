"""The `accel` command: what a configuration means, before it costs anything. It needs `eks-accelerators[cli]`."""

import sys


def main() -> None:
    """Entry point of the `accel` command."""
    try:
        from .app import app  # noqa: PLC0415 - without the extra there is a sentence instead of a traceback
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "yaml"):
            raise
        sys.exit(f"accel: {error.name} is missing; pip install 'eks-accelerators[cli]'")
    app()
