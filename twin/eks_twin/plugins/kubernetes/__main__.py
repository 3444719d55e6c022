"""Serves the plugin; the engine starts this as `pulumi-resource-kubernetes`."""

from eks_twin.plugins.server import serve

from .plugin import Kubernetes

if __name__ == "__main__":
    serve(Kubernetes())
