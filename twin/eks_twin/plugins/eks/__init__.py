"""A stand-in for pulumi-eks: the same components with the same children, names and outputs, in Python."""
