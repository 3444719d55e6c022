"""`python -m eks_twin.plugins.eks`: what the engine starts as pulumi-resource-eks."""

import sys

from pulumi import provider

from eks_twin.plugins.eks.provider import Eks
from eks_twin.plugins.server import end_on_interrupt

if __name__ == "__main__":
    end_on_interrupt()
    provider.main(Eks(), sys.argv[1:])
