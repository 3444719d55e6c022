"""Pulumi plugins in Python that stand in for aws, eks, kubernetes and the language host."""
