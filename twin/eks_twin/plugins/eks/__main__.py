"""`python -m eks_twin.plugins.eks`: what the engine starts as pulumi-resource-eks."""

import sys

from pulumi import provider

from eks_twin.plugins.eks.provider import Eks

if __name__ == "__main__":
    provider.main(Eks(), sys.argv[1:])
