"""EKS: all of it, since moto has a quarter; its own EKS is never asked."""
