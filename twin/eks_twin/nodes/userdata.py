"""What a machine's user data tells its kubelet: AL2023 NodeConfig (alone or in MIME parts) or Bottlerocket TOML.

Shell scripts and cloud-config beside them are accepted and not run: the twin has no operating system. What only a
script could do, such as joining a cluster, is refused.
"""

import tomllib
from collections.abc import Iterator, Mapping
from email import message_from_string
from typing import Any, Final

from eks_twin.nodes import bottlerocket, nodeconfig
from eks_twin.nodes.bootstrap import Bootstrap, UserDataError

NODE_CONFIG: Final = "application/node.eks.aws"
"""Content type of NodeConfig parts."""
SHELL: Final = "text/x-shellscript"
NOT_RUN: Final = frozenset({SHELL, "text/cloud-config"})
POWERSHELL: Final = "<powershell>"
"""How the user data of Windows machines begins."""
AL2_SCRIPT: Final = "/etc/eks/bootstrap.sh"


def parse(text: str) -> Bootstrap:
    """What `text` says; UserDataError with path and rule for what is malformed or not modelled."""
    stripped = text.strip()
    if not stripped:
        return Bootstrap()
    if stripped.startswith(POWERSHELL):
        raise UserDataError(
            "user data is a PowerShell script: the twin has no Windows machines; use AL2023 or Bottlerocket"
        )
    if stripped.startswith(("MIME-Version", "Content-Type")):
        return nodeconfig.bootstrap(_mime_specs(stripped))
    if stripped.startswith("#!"):
        _refuse_joining(stripped)
        return Bootstrap()
    if nodeconfig.API in stripped:
        return nodeconfig.bootstrap(nodeconfig.specs(stripped))
    try:
        document = tomllib.loads(stripped)
    except tomllib.TOMLDecodeError as error:
        raise UserDataError(f"user data is neither NodeConfig, MIME nor TOML: {error}") from error
    return bottlerocket.bootstrap(document)


def _mime_specs(text: str) -> Iterator[Mapping[str, Any]]:
    for part in message_from_string(text).walk():
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if kind == SHELL:
            _refuse_joining(str(part.get_payload()))
        if kind in NOT_RUN:
            continue
        if kind != NODE_CONFIG:
            known = ", ".join(sorted({NODE_CONFIG, *NOT_RUN}))
            raise UserDataError(f"user data part {kind}: not modelled; known: {known}")
        yield from nodeconfig.specs(str(part.get_payload()))


def _refuse_joining(script: str) -> None:
    if AL2_SCRIPT in script:
        raise UserDataError(
            f"user data calls {AL2_SCRIPT}: scripts are not run, and AL2 has no images for the twin's Kubernetes; "
            f"use AL2023 with a NodeConfig"
        )
