"""aws:vpc SecurityGroupIngressRule and SecurityGroupEgressRule, each with one source and an id of its own."""

from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope

from .security_groups import SOURCES, described, permission

ONE: Final = tuple(source.one for source in SOURCES)
CHANGING: Final = " ".join(["ipProtocol", "fromPort", "toPort", "description", *ONE])


def _authorize(direction: str) -> Custom:
    def run(scope: Scope) -> Any:
        group = scope.values["securityGroupId"]
        entry = permission(scope.values, group)
        operation = f"authorize_security_group_{direction}"
        return scope.call(operation, GroupId=group, IpPermissions=[entry], **scope.tagging)

    return Custom(run, f"securityGroupId {CHANGING}")


def _modify(scope: Scope) -> None:
    rule = scope.values
    entry = permission(rule, rule["securityGroupId"])
    body = {key: entry[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in entry}
    sources = {source.request: rule[source.one] for source in SOURCES if rule.get(source.one)}
    change = {**body, **sources, "Description": rule.get("description") or ""}
    scope.call(
        "modify_security_group_rules",
        GroupId=rule["securityGroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": scope.id, "SecurityGroupRule": change}],
    )


def _more(scope: Scope, found: Mapping[str, Any]) -> dict[str, Any]:
    """AWS reports ports as -1 where the protocol has none."""
    ports = dict.fromkeys(("fromPort", "toPort")) if found["IpProtocol"] == "-1" else {}
    return {**ports, "securityGroupRuleId": scope.id, "description": described(scope, found)}


def _single(direction: str) -> Kind:
    """A rule with one source, an id of its own and tags."""
    noun = direction.capitalize()
    return Kind(
        type=f"aws:vpc/securityGroup{noun}Rule:SecurityGroup{noun}Rule",
        noun=f"VPC Security Group {noun} Rule",
        service="ec2",
        create=_authorize(direction),
        id="SecurityGroupRules.0.SecurityGroupRuleId",
        read=Read(
            call("describe_security_group_rules", SecurityGroupRuleIds=["$id"]),
            "SecurityGroupRules.0",
            _more,
        ),
        changes=(Custom(_modify, CHANGING),),
        delete=call(f"revoke_security_group_{direction}", "securityGroupId", SecurityGroupRuleIds=["$id"]),
        tags=tags.ec2("security-group-rule"),
        arn="security-group-rule/{id}",
        replaces=dict.fromkeys(ONE, lambda old, new: old is None or new is None),
        one_of=(frozenset(ONE),),
        label="securityGroupId",
    )


KINDS: Final = (_single("ingress"), _single("egress"))
