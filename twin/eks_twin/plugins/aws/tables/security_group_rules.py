"""aws:vpc SecurityGroupIngressRule and SecurityGroupEgressRule, each with one source and an id of its own."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope

from .security_groups import described

SINGLE: Final[Mapping[str, tuple[str, str, str]]] = {
    # property of a rule with one source → (EC2's list, its key, the name in a modification)
    "cidrIpv4": ("IpRanges", "CidrIp", "CidrIpv4"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
}


def _ports(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Protocol and, where it has any, ports."""
    ports = {"FromPort": rule.get("fromPort"), "ToPort": rule.get("toPort")} if rule["ipProtocol"] != "-1" else {}
    return {"IpProtocol": rule["ipProtocol"], **{key: value for key, value in ports.items() if value is not None}}


def _authorize_single(direction: str) -> Custom:
    def run(scope: Scope) -> Any:
        rule = scope.values
        name = next(name for name in SINGLE if rule.get(name))
        source = {SINGLE[name][1]: rule[name]}
        if rule.get("description"):
            source["Description"] = rule["description"]
        return scope.call(
            f"authorize_security_group_{direction}",
            GroupId=rule["securityGroupId"],
            IpPermissions=[{**_ports(rule), SINGLE[name][0]: [source]}],
            TagSpecifications=scope.kind.tags.written(rule["tagsAll"]) if scope.kind.tags else None,
        )

    return Custom(run, " ".join(["securityGroupId", "ipProtocol", "fromPort", "toPort", "description", *SINGLE]))


def _modify_single(scope: Scope) -> None:
    rule = scope.values
    name = next(name for name in SINGLE if rule.get(name))
    body = {**_ports(rule), SINGLE[name][2]: rule[name], "Description": rule.get("description") or ""}
    scope.call(
        "modify_security_group_rules",
        GroupId=rule["securityGroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": scope.id, "SecurityGroupRule": body}],
    )


def _single(direction: str) -> Kind:
    """A rule with one source, an id of its own and tags."""
    noun = direction.capitalize()
    return Kind(
        type=f"aws:vpc/securityGroup{noun}Rule:SecurityGroup{noun}Rule",
        noun=f"VPC Security Group {noun} Rule",
        service="ec2",
        create=_authorize_single(direction),
        id="SecurityGroupRules.0.SecurityGroupRuleId",
        read=Read(
            call("describe_security_group_rules", SecurityGroupRuleIds=["$id"]),
            "SecurityGroupRules.0",
            {
                "securityGroupId": "GroupId",
                "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
                "fromPort": None,
                "toPort": None,
                "description": None,
            },
            lambda scope, found: {
                "securityGroupRuleId": scope.id,
                "description": described(scope, found),
                **_reported_ports(found),
            },
        ),
        changes=(Custom(_modify_single, " ".join(["ipProtocol", "fromPort", "toPort", "description", *SINGLE])),),
        delete=call(f"revoke_security_group_{direction}", GroupId="$securityGroupId", SecurityGroupRuleIds=["$id"]),
        tags=tags.ec2("security-group-rule"),
        arn="security-group-rule/{id}",
        replaces=dict.fromkeys(SINGLE, lambda old, new: old is None or new is None),
        one_of=(frozenset(SINGLE),),
        label="securityGroupId",
    )


def _reported_ports(found: Mapping[str, Any]) -> dict[str, Any]:
    """Ports, which AWS reports as -1 where the protocol has none."""
    ports = {"fromPort": found.get("FromPort"), "toPort": found.get("ToPort")}
    return ports if found["IpProtocol"] != "-1" else {}


KINDS: Final = (_single("ingress"), _single("egress"))
