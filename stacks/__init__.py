"""Environments: the only place that reads stack configuration and exports outputs."""
