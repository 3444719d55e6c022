"""aws:ec2 SecurityGroup and SecurityGroupRule, whose rules have lists of sources."""

import zlib
from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope
from eks_twin.plugins.base import PluginError

EVERYTHING: Final = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
"""The egress rule that AWS gives a new group and pulumi-aws takes away, so that rules are only those of the program."""
SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    # property of a rule with lists → (EC2's list, its key)
    "cidrBlocks": ("IpRanges", "CidrIp"),
    "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListIds": ("PrefixListIds", "PrefixListId"),
    "securityGroups": ("UserIdGroupPairs", "GroupId"),
}


def _permission(rule: Mapping[str, Any], own: str) -> dict[str, Any]:
    """EC2's IpPermission for a rule with lists of sources; `own` is the group that the rule belongs to."""
    protocol = str(rule["protocol"])
    ports = {} if protocol == "-1" else {"FromPort": rule["fromPort"], "ToPort": rule["toPort"]}
    result: dict[str, Any] = {"IpProtocol": protocol, **ports}
    groups = [*(rule.get("securityGroups") or ()), *([own] if rule.get("self") else ())]
    if source := rule.get("sourceSecurityGroupId"):
        groups.append(source)
    description = {"Description": rule["description"]} if rule.get("description") else {}
    for name, (member, key) in SOURCES.items():
        values = groups if name == "securityGroups" else rule.get(name) or ()
        if values:
            result[member] = [{key: value, **description} for value in values]
    return result


def _rules(permissions: list[Any], own: str) -> list[dict[str, Any]]:
    """The reverse: one rule with lists for each IpPermission and description."""
    rules: dict[tuple[Any, ...], dict[str, Any]] = {}
    for permission in permissions:
        ports = (permission.get("FromPort", 0), permission.get("ToPort", 0))
        for name, (member, key) in SOURCES.items():
            for item in permission.get(member, ()):
                identity = (permission["IpProtocol"], *ports, item.get("Description", ""))
                rule = rules.setdefault(
                    identity,
                    {
                        "protocol": identity[0],
                        "fromPort": identity[1],
                        "toPort": identity[2],
                        "description": identity[3],
                        "self": False,
                    },
                )
                if item[key] == own:
                    rule["self"] = True
                else:
                    rule.setdefault(name, []).append(item[key])
    return list(rules.values())


def _drop_default_egress(scope: Scope) -> dict[str, Any]:
    answer = scope.call(
        "create_security_group",
        GroupName=scope.values["name"],
        Description=scope.values["description"],
        VpcId=scope.values.get("vpcId"),
        TagSpecifications=scope.kind.tags.written(scope.values["tagsAll"]) if scope.kind.tags else None,
    )
    group = scope.call("describe_security_groups", GroupIds=[answer["GroupId"]])["SecurityGroups"][0]
    if group["IpPermissionsEgress"]:
        scope.call("revoke_security_group_egress", GroupId=answer["GroupId"], IpPermissions=[EVERYTHING])
    return answer


def _set_rules(direction: str) -> Custom:
    def run(scope: Scope) -> None:
        group = scope.call("describe_security_groups", GroupIds=[scope.id])["SecurityGroups"][0]
        present = group["IpPermissions" if direction == "ingress" else "IpPermissionsEgress"]
        old = [_permission(rule, scope.id) for rule in _rules(present, scope.id)]
        new = [_permission(rule, scope.id) for rule in scope.values.get(direction) or ()]
        for verb, rules in (
            ("revoke", [r for r in old if r not in new]),
            ("authorize", [r for r in new if r not in old]),
        ):
            for rule in rules:
                scope.call(f"{verb}_security_group_{direction}", GroupId=scope.id, IpPermissions=[rule])

    return Custom(run, direction)


def _delete_group(scope: Scope) -> None:
    """With revokeRulesOnDelete the group's rules go first, so that groups which name each other can go."""
    if scope.values.get("revokeRulesOnDelete"):
        group = scope.call("describe_security_groups", GroupIds=[scope.id])["SecurityGroups"][0]
        for direction, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
            if group[member]:
                scope.call(f"revoke_security_group_{direction}", GroupId=scope.id, IpPermissions=group[member])
    scope.call("delete_security_group", GroupId=scope.id)


SECURITY_GROUP: Final = Kind(
    type="aws:ec2/securityGroup:SecurityGroup",
    noun="EC2 Security Group",
    service="ec2",
    create=Custom(_drop_default_egress, "name description vpcId"),
    id="GroupId",
    read=Read(
        call("describe_security_groups", GroupIds=["$id"]),
        "SecurityGroups.0",
        {"name": "GroupName"},
        lambda scope, found: {
            "ingress": _rules(found["IpPermissions"], scope.id),
            "egress": _rules(found["IpPermissionsEgress"], scope.id),
        },
    ),
    changes=(_set_rules("ingress"), _set_rules("egress")),
    delete=Custom(_delete_group),
    tags=tags.ec2("security-group"),
    arn="security-group/{id}",
    local=frozenset({"revokeRulesOnDelete"}),
    computed=frozenset({"ingress", "egress"}),
    sets=frozenset({"ingress", "egress"}),
)


def _authorize(scope: Scope) -> dict[str, Any]:
    """The id is pulumi-aws's: a checksum of group, direction and permission."""
    rule, group = scope.values, scope.values["securityGroupId"]
    permission = _permission(rule, group)
    operation = f"authorize_security_group_{rule['type']}"
    scope.call(operation, GroupId=group, IpPermissions=[permission])
    identity = f"{group}-{rule['type']}-{sorted(permission.items(), key=lambda item: item[0])}"
    return {"Id": f"sgrule-{zlib.crc32(identity.encode())}"}


def _wanted(rule: Mapping[str, Any]) -> set[tuple[str, str]]:
    permission = _permission(rule, rule["securityGroupId"])
    return {(member, item[key]) for member, key in SOURCES.values() for item in permission.get(member, ())}


def _matching(scope: Scope) -> list[dict[str, Any]]:
    """EC2's single rules that this one stands for: one per source."""
    rule = scope.values
    if "securityGroupId" not in rule:
        raise PluginError(f"importing {scope.kind.noun}: the twin cannot import this type; use aws.vpc's single rules")
    filters = [{"Name": "group-id", "Values": [rule["securityGroupId"]]}]
    found: list[dict[str, Any]] = []
    for item in scope.call("describe_security_group_rules", Filters=filters)["SecurityGroupRules"]:
        ports = (rule["fromPort"], rule["toPort"])
        any_port = str(rule["protocol"]) == "-1"
        if (
            item["IsEgress"] == (rule["type"] == "egress")
            and item["IpProtocol"] == str(rule["protocol"])
            and (any_port or (item.get("FromPort"), item.get("ToPort")) == ports)
            and _source(item) in _wanted(rule)
        ):
            found.append(item)
    return found


def _source(item: Mapping[str, Any]) -> tuple[str, str]:
    group = item.get("ReferencedGroupInfo", {}).get("GroupId")
    values = {
        "IpRanges": item.get("CidrIpv4"),
        "Ipv6Ranges": item.get("CidrIpv6"),
        "PrefixListIds": item.get("PrefixListId"),
        "UserIdGroupPairs": group,
    }
    return next((member, value) for member, value in values.items() if value)


def _read_rule(scope: Scope) -> dict[str, Any] | None:
    found = _matching(scope)
    if len(found) < len(_wanted(scope.values)):
        return None
    own = {name: scope.values.get(name) for name in scope.facts.inputs if name != "description"}
    single = {"securityGroupRuleId": found[0]["SecurityGroupRuleId"]} if len(found) == 1 else {}
    return {**own, "description": described(scope, found[0]), **single}


def described(scope: Scope, item: Mapping[str, Any]) -> str | None:
    """A rule's description; DescribeSecurityGroups has it for every kind of source."""
    group = scope.call("describe_security_groups", GroupIds=[item["GroupId"]])["SecurityGroups"][0]
    member, value = _source(item)
    key = next(key for name, key in SOURCES.values() if name == member)
    ports = (item["IpProtocol"], item.get("FromPort", -1), item.get("ToPort", -1))
    for permission in group["IpPermissionsEgress" if item["IsEgress"] else "IpPermissions"]:
        if (permission["IpProtocol"], permission.get("FromPort", -1), permission.get("ToPort", -1)) == ports:
            found = next((entry for entry in permission[member] if entry[key] == value), {})
            if found.get("Description"):
                return found["Description"]
    return None


def _describe(scope: Scope) -> None:
    rule = scope.values
    permission = _permission(rule, rule["securityGroupId"])
    operation = f"update_security_group_rule_descriptions_{rule['type']}"
    scope.call(operation, GroupId=rule["securityGroupId"], IpPermissions=[permission])


def _revoke(scope: Scope) -> None:
    if ids := [item["SecurityGroupRuleId"] for item in _matching(scope)]:
        operation = f"revoke_security_group_{scope.values['type']}"
        scope.call(operation, GroupId=scope.values["securityGroupId"], SecurityGroupRuleIds=ids)


SECURITY_GROUP_RULE: Final = Kind(
    type="aws:ec2/securityGroupRule:SecurityGroupRule",
    noun="EC2 Security Group Rule",
    service="ec2",
    create=Custom(
        _authorize,
        "type securityGroupId protocol fromPort toPort cidrBlocks ipv6CidrBlocks prefixListIds self "
        "sourceSecurityGroupId description",
    ),
    id="Id",
    read=Read(Custom(_read_rule)),
    changes=(Custom(_describe, "description"),),
    delete=Custom(_revoke),
    label="securityGroupId",
)


KINDS: Final = (SECURITY_GROUP, SECURITY_GROUP_RULE)
