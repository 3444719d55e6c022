"""aws:ec2 SecurityGroup and SecurityGroupRule, whose rules have lists of sources."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope, parted
from eks_twin.plugins.aws.shapes import dig
from eks_twin.plugins.base import PluginError

from .conventions import ec2

EVERYTHING: Final = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
"""The egress rule that AWS gives a new group and pulumi-aws takes away, so that rules are only those of the program."""
PERMISSIONS: Final = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}
"""Direction → where EC2 keeps a group's rules."""


class Source(NamedTuple):
    """One way to say where traffic comes from or goes to."""

    many: str
    """The property of a rule with lists."""
    one: str
    """The property of a rule with one source."""
    member: str
    """The list in EC2's IpPermission, and the key of its items."""
    key: str
    path: str
    """Its place in EC2's SecurityGroupRule."""
    request: str
    """Its name in a request that modifies one."""


SOURCES: Final = (
    Source("cidrBlocks", "cidrIpv4", "IpRanges", "CidrIp", "CidrIpv4", "CidrIpv4"),
    Source("ipv6CidrBlocks", "cidrIpv6", "Ipv6Ranges", "CidrIpv6", "CidrIpv6", "CidrIpv6"),
    Source("prefixListIds", "prefixListId", "PrefixListIds", "PrefixListId", "PrefixListId", "PrefixListId"),
    Source(
        "securityGroups",
        "referencedSecurityGroupId",
        "UserIdGroupPairs",
        "GroupId",
        "ReferencedGroupInfo.GroupId",
        "ReferencedGroupId",
    ),
)


def _named(rule: Mapping[str, Any], own: str) -> Iterator[tuple[Source, str]]:
    """Every source that `rule` of the group `own` names."""
    for source in SOURCES:
        yield from ((source, value) for value in rule.get(source.many) or ())
        if value := rule.get(source.one):
            yield source, value
    groups = [own if rule.get("self") else None, rule.get("sourceSecurityGroupId")]
    yield from ((SOURCES[-1], group) for group in groups if group)


def permission(rule: Mapping[str, Any], own: str) -> dict[str, Any]:
    """EC2's IpPermission for a rule of the group `own`."""
    protocol = str(rule.get("protocol") or rule["ipProtocol"])
    ports = {} if protocol == "-1" else {"FromPort": rule.get("fromPort"), "ToPort": rule.get("toPort")}
    result: dict[str, Any] = {"IpProtocol": protocol, **{key: port for key, port in ports.items() if port is not None}}
    description = {"Description": rule["description"]} if rule.get("description") else {}
    for source, value in _named(rule, own):
        result.setdefault(source.member, []).append({source.key: value, **description})
    return result


def _rules(permissions: list[Any], own: str) -> list[dict[str, Any]]:
    """The reverse: one rule with lists for each IpPermission and description."""
    rules: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in permissions:
        for source in SOURCES:
            for item in entry.get(source.member, ()):
                head = {
                    "protocol": entry["IpProtocol"],
                    "fromPort": entry.get("FromPort", 0),
                    "toPort": entry.get("ToPort", 0),
                    "description": item.get("Description", ""),
                }
                rule = rules.setdefault(tuple(head.values()), {**head, "self": False})
                if item[source.key] == own:
                    rule["self"] = True
                else:
                    rule.setdefault(source.many, []).append(item[source.key])
    return list(rules.values())


def _group(scope: Scope, id_: str) -> dict[str, Any]:
    return scope.call("describe_security_groups", GroupIds=[id_])["SecurityGroups"][0]


_CREATE: Final = call("create_security_group", "name description vpcId")


def _create_group(scope: Scope) -> dict[str, Any]:
    answer = scope.call("create_security_group", **_CREATE.parameters(scope), **scope.tagging)
    if _group(scope, answer["GroupId"])["IpPermissionsEgress"]:
        scope.call("revoke_security_group_egress", GroupId=answer["GroupId"], IpPermissions=[EVERYTHING])
    return answer


def _set_rules(direction: str) -> Custom:
    def run(scope: Scope) -> None:
        present = _rules(_group(scope, scope.id)[PERMISSIONS[direction]], scope.id)
        old = [permission(rule, scope.id) for rule in present]
        new = [permission(rule, scope.id) for rule in scope.values.get(direction) or ()]
        for verb, rules in zip(("revoke", "authorize"), parted(old, new), strict=True):
            for rule in rules:
                scope.call(f"{verb}_security_group_{direction}", GroupId=scope.id, IpPermissions=[rule])

    return Custom(run, direction)


def _delete_group(scope: Scope) -> None:
    """With revokeRulesOnDelete the group's rules go first, so that groups which name each other can go."""
    if scope.values.get("revokeRulesOnDelete"):
        group = _group(scope, scope.id)
        for direction, member in PERMISSIONS.items():
            if group[member]:
                scope.call(f"revoke_security_group_{direction}", GroupId=scope.id, IpPermissions=group[member])
    scope.call("delete_security_group", GroupId=scope.id)


SECURITY_GROUP: Final = ec2(
    "SecurityGroup",
    "Security Group",
    create=Custom(_create_group, "name description vpcId"),
    id="GroupId",
    read=Read(
        call("describe_security_groups", GroupIds=["$id"]),
        "SecurityGroups.0",
        lambda scope, found: {name: _rules(found[member], scope.id) for name, member in PERMISSIONS.items()},
    ),
    changes=(_set_rules("ingress"), _set_rules("egress")),
    delete=Custom(_delete_group),
)


def _rule_id(rule: Mapping[str, Any]) -> str:
    """As pulumi-aws makes it: a checksum of group, direction and permission."""
    group = rule["securityGroupId"]
    identity = f"{group}-{rule['type']}-{sorted(permission(rule, group).items(), key=lambda item: item[0])}"
    return f"sgrule-{zlib.crc32(identity.encode())}"


def _send(operation: str, same: str) -> Custom:
    """A step that hands EC2 the whole rule."""

    def run(scope: Scope) -> None:
        rule, group = scope.values, scope.values["securityGroupId"]
        scope.call(operation.format(rule["type"]), GroupId=group, IpPermissions=[permission(rule, group)])

    return Custom(run, same)


def _wanted(rule: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(source.member, value) for source, value in _named(rule, rule["securityGroupId"])}


def _matching(scope: Scope) -> list[dict[str, Any]]:
    """EC2's single rules that this one stands for: one per source."""
    rule = scope.values
    if "securityGroupId" not in rule:
        raise PluginError(f"importing {scope.kind.noun}: the twin cannot import this type; use aws.vpc's single rules")
    filters = [{"Name": "group-id", "Values": [rule["securityGroupId"]]}]
    protocol, ports = str(rule["protocol"]), (rule["fromPort"], rule["toPort"])
    return [
        item
        for item in scope.call("describe_security_group_rules", Filters=filters)["SecurityGroupRules"]
        if item["IsEgress"] == (rule["type"] == "egress")
        and item["IpProtocol"] == protocol
        and (protocol == "-1" or (item.get("FromPort"), item.get("ToPort")) == ports)
        and _source(item) in _wanted(rule)
    ]


def _source(item: Mapping[str, Any]) -> tuple[str, str]:
    return next((source.member, value) for source in SOURCES if (value := dig(item, source.path)))


def _read_rule(scope: Scope) -> dict[str, Any] | None:
    found = _matching(scope)
    if len(found) < len(_wanted(scope.values)):
        return None
    own = {name: scope.values.get(name) for name in scope.facts.inputs if name != "description"}
    single = {"securityGroupRuleId": found[0]["SecurityGroupRuleId"]} if len(found) == 1 else {}
    return {**own, "description": described(scope, found[0]), **single}


def described(scope: Scope, item: Mapping[str, Any]) -> str | None:
    """A rule's description; DescribeSecurityGroups has it for every kind of source."""
    member, value = _source(item)
    key = next(source.key for source in SOURCES if source.member == member)
    heads = ("IpProtocol", "FromPort", "ToPort")
    for entry in _group(scope, item["GroupId"])[PERMISSIONS["egress" if item["IsEgress"] else "ingress"]]:
        if all(entry.get(head, -1) == item.get(head, -1) for head in heads):
            found = next((one for one in entry[member] if one[key] == value), {})
            if found.get("Description"):
                return found["Description"]
    return None


def _revoke(scope: Scope) -> None:
    if ids := [item["SecurityGroupRuleId"] for item in _matching(scope)]:
        operation = f"revoke_security_group_{scope.values['type']}"
        scope.call(operation, GroupId=scope.values["securityGroupId"], SecurityGroupRuleIds=ids)


SECURITY_GROUP_RULE: Final = Kind(
    type="aws:ec2/securityGroupRule:SecurityGroupRule",
    noun="EC2 Security Group Rule",
    service="ec2",
    create=_send(
        "authorize_security_group_{}",
        "type securityGroupId protocol fromPort toPort cidrBlocks ipv6CidrBlocks prefixListIds self "
        "sourceSecurityGroupId description",
    ),
    id=_rule_id,
    read=Read(Custom(_read_rule)),
    changes=(_send("update_security_group_rule_descriptions_{}", "description"),),
    delete=Custom(_revoke),
    label="securityGroupId",
)

KINDS: Final = (SECURITY_GROUP, SECURITY_GROUP_RULE)
