"""A local twin of AWS + EKS: the real programs where they can be had, honest stand-ins where they cannot."""
