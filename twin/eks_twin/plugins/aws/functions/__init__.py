"""Every function that the plugin serves, by token."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from eks_twin.plugins.aws.session import Session

from . import account, compute, documents, eks, network

Function = Callable[[Session, dict[str, Any]], dict[str, Any]]
"""Session and checked arguments → outputs."""

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        f"aws:{module}/{name}:{name}": function
        for table in (account.FUNCTIONS, network.FUNCTIONS, compute.FUNCTIONS, eks.FUNCTIONS, documents.FUNCTIONS)
        for (module, name), function in table.items()
    }
)

__all__ = ["FUNCTIONS"]
