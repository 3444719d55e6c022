"""What a Cluster's inputs must satisfy before anything exists: pulumi-eks's own rules, and what is left out here."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Any, Final

from pulumi import Output

from .inputs import Inputs, refuse

AWS_CLI_V1: Final = (1, 24, 0)
AWS_CLI_V2: Final = (2, 7, 0)
"""Oldest versions of each line whose tokens current clusters accept."""
REFUSED: Final[Mapping[str, str]] = {
    # input → why it cannot be honoured
    "autoMode": "EKS Auto Mode is not modelled by the twin",
    "createInstanceRole": "instance roles of default nodes are not modelled by the twin; name the node group's role",
    "creationRoleProvider": "creation roles are not modelled by the twin",
    "fargate": "Fargate on a pulumi_eks.Cluster is not modelled by the twin; use a managed node group",
    "gpu": "the default node group is not modelled by the twin",
    "instanceProfileName": "the default node group is not modelled by the twin",
    "instanceRole": "aws-auth mappings are not modelled by the twin; use accessEntries",
    "instanceRoles": "aws-auth mappings are not modelled by the twin; use accessEntries",
    "nodeGroupOptions": "the default node group is not modelled by the twin",
    "proxy": "the twin opens no connection to the Internet",
    "roleMappings": "aws-auth mappings are not modelled by the twin; use accessEntries",
    "userMappings": "aws-auth mappings are not modelled by the twin; use accessEntries",
    **dict.fromkeys(
        (
            "desiredCapacity",
            "instanceType",
            "maxSize",
            "minSize",
            "nodeAmiId",
            "nodeAssociatePublicIpAddress",
            "nodePublicKey",
            "nodeRootVolumeEncrypted",
            "nodeRootVolumeSize",
            "nodeSubnetIds",
            "nodeUserData",
        ),
        "the default node group is not modelled by the twin; use skipDefaultNodeGroup and a ManagedNodeGroup",
    ),
}


def check_cluster(inputs: Inputs) -> None:
    """Raise for the first rule that the inputs break, in pulumi-eks's order and words."""
    check_aws_cli()
    for name, broken in _RULES:
        if reason := broken(inputs):
            raise refuse(inputs.component, (name, reason))
    problems = [(name, reason) for name, reason in REFUSED.items() if inputs.get(name) not in (None, False, [], {}, "")]
    if inputs.plain("skipDefaultNodeGroup") is not True:
        problems.append(("skipDefaultNodeGroup", "the twin models clusters without a default node group; set it true"))
    if problems:
        raise refuse(inputs.component, *problems)


def _mappings(inputs: Inputs) -> str | None:
    if inputs.plain("authenticationMode") != "API":
        return None
    names = ("roleMappings", "userMappings", "instanceRoles")
    found = next((name for name in names if inputs.get(name)), None)
    return found and (
        f"The '{found}' property does not support non-empty values when 'authenticationMode' is set to 'API'."
    )


def _entries(inputs: Inputs) -> str | None:
    mode = inputs.plain("authenticationMode")
    if "accessEntries" not in inputs or mode not in (None, "CONFIG_MAP"):
        return None
    state = "not set" if mode is None else "set to 'CONFIG_MAP'"
    return f"The 'accessEntries' property is not supported when 'authenticationMode' is {state}."


def _config_map(inputs: Inputs) -> str | None:
    if inputs.plain("authenticationMode") in (None, "CONFIG_MAP"):
        return "the twin's API server knows access entries and no aws-auth ConfigMap; set API or API_AND_CONFIG_MAP"
    return None


def _roles(inputs: Inputs) -> str | None:
    both = "instanceRole" in inputs and "instanceRoles" in inputs
    return "instanceRole and instanceRoles are mutually exclusive, and cannot both be set." if both else None


def _subnets(inputs: Inputs) -> str | None:
    split = "publicSubnetIds" in inputs or "privateSubnetIds" in inputs
    if "subnetIds" in inputs and split:
        return "subnetIds, and the use of publicSubnetIds and/or privateSubnetIds are mutually exclusive."
    return None


def _auto_mode(inputs: Inputs) -> str | None:
    auto = inputs.plain("autoMode") or {}
    if auto.get("enabled") and inputs.plain("authenticationMode") not in ("API", "API_AND_CONFIG_MAP"):
        return "Access entries are required when using EKS Auto Mode."
    return None


def _public_cidrs(inputs: Inputs) -> str | None:
    if inputs.get("endpointPublicAccess") is False and inputs.get("publicAccessCidrs"):
        return "`publicAccessCidrs` can only be set when `endpointPublicAccess` is true"
    return None


_RULES: Final[tuple[tuple[str, Callable[[Inputs], str | None]], ...]] = (
    ("authenticationMode", _mappings),
    ("accessEntries", _entries),
    ("instanceRole", _roles),
    ("subnetIds", _subnets),
    ("autoMode", _auto_mode),
    ("publicAccessCidrs", _public_cidrs),
    ("authenticationMode", _config_map),
)


def check_aws_cli() -> None:
    """Raise unless an `aws` that can make tokens is on PATH: every kubeconfig calls it."""
    program = shutil.which("aws")
    if program is None:
        raise RuntimeError(
            "Could not find aws CLI for EKS. See https://docs.pulumi.com/docs/iac/clouds/aws/guides/eks/"
        )
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    word = (answer.stdout or answer.stderr).split(" ", 1)[0]
    found = re.match(r"aws-cli/(\d+)\.(\d+)\.(\d+)", word)
    if found is None:
        raise RuntimeError(f"Could not understand the version of {program}: {word!r}")
    version = tuple(int(part) for part in found.groups())
    oldest = AWS_CLI_V1 if version[0] == 1 else AWS_CLI_V2
    if version < oldest:
        wanted = ".".join(map(str, oldest))
        raise RuntimeError(
            f"At least v{wanted} of aws-cli is required. Current version is: {'.'.join(map(str, version))}"
        )


def public_access(endpoint_public: Any, cidrs: Any) -> Any:
    """`cidrs`, refused in an apply when the flag turns out to be false."""
    if cidrs is None or not isinstance(endpoint_public, Output):
        return cidrs

    def checked(values: list[Any]) -> Any:
        public, networks = values
        if networks and public is False:
            raise ValueError("`publicAccessCidrs` can only be set when `endpointPublicAccess` is true")
        return networks

    return Output.all(endpoint_public, cidrs).apply(checked)
