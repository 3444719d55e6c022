"""`python -m eks_twin.plugins.aws`: what the engine starts as pulumi-resource-aws."""

from eks_twin.plugins.aws.plugin import AwsPlugin
from eks_twin.plugins.server import serve

if __name__ == "__main__":
    serve(AwsPlugin())
