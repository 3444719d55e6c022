"""The same twin's AWS that the aws plugin's tests use."""

from tests.twin.plugins.aws.conftest import plugin, settler, world

__all__ = ["plugin", "settler", "world"]
