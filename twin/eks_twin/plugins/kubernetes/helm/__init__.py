"""`kubernetes:helm.sh/v3:Release`: inputs, the helm program, and the operations between them."""
