"""IAM: policy documents, put together without asking AWS, and look-ups of roles."""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

from eks_twin.plugins.aws.session import Session
from eks_twin.plugins.base import PluginError

from .answers import ask, ask_all, outputs

VERSION: Final = "2012-10-17"
LISTS: Final[Mapping[str, str]] = {
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}


def _short(values: list[str]) -> str | list[str]:
    """One value alone, several sorted backwards: the order in which the bridged provider writes its sets."""
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


def _principal(entries: list[Mapping[str, Any]]) -> Any:
    """`*` for everybody, else type → identifiers."""
    if [dict(entry) for entry in entries] == [{"type": "*", "identifiers": ["*"]}]:
        return "*"
    merged: dict[str, list[str]] = {}
    for entry in entries:
        merged.setdefault(entry["type"], []).extend(entry["identifiers"])
    return {kind: _short(ids) for kind, ids in merged.items()}


def _statement(entry: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"Sid": entry["sid"]} if entry.get("sid") else {}
    result["Effect"] = entry.get("effect", "Allow")
    for name, member in LISTS.items():
        if entry.get(name):
            result[member] = _short([value.replace("&{", "${") for value in entry[name]])
    for name, member in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if entry.get(name):
            result[member] = _principal(entry[name])
    conditions: dict[str, dict[str, Any]] = {}
    for condition in entry.get("conditions", ()):
        values = [value.replace("&{", "${") for value in condition["values"]]
        conditions.setdefault(condition["test"], {})[condition["variable"]] = _short(values)
    return {**result, "Condition": conditions} if conditions else result


def _merged(statements: list[dict[str, Any]], texts: list[str], *, override: bool) -> list[dict[str, Any]]:
    """Statements with those of `texts`; one with a Sid in use replaces it when overriding and is refused otherwise."""
    result = list(statements)
    for text in texts:
        found = json.loads(text)["Statement"]
        for statement in found if isinstance(found, list) else [found]:
            sid = statement.get("Sid")
            same = [i for i, other in enumerate(result) if sid and other.get("Sid") == sid]
            if same and not override:
                raise PluginError(f"duplicate Sid ({sid}) in sourcePolicyDocuments; Sids must be unique")
            if same:
                result[same[0]] = statement
            else:
                result.append(statement)
    return result


def _policy_document(_: Session, args: dict[str, Any]) -> dict[str, Any]:
    for name in ("sourceJson", "overrideJson"):
        if name in args:
            raise PluginError(
                f"aws:iam/getPolicyDocument: {name} is gone from AWS provider 5; use {name[:-4]}PolicyDocuments"
            )
    statements = _merged([], args.get("sourcePolicyDocuments", []), override=False)
    for entry in args.get("statements", ()):
        written = _statement(entry)
        statements = _merged(statements, [json.dumps({"Statement": [written]})], override=True)
    statements = _merged(statements, args.get("overridePolicyDocuments", []), override=True)
    document = {"Version": args.get("version", VERSION)}
    if args.get("policyId"):
        document["Id"] = args["policyId"]
    document = {**document, "Statement": statements}
    text = json.dumps(document, indent=2)
    minified = json.dumps(document, separators=(",", ":"))
    return {**args, "json": text, "minifiedJson": minified, "id": str(zlib.crc32(text.encode()))}


def _role(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask(session, args, "iam", "get_role", RoleName=args["name"])["Role"]
    result = outputs("aws:iam/getRole:getRole", session, args, found)
    return {"permissionsBoundary": "", "tags": {}, **result, "roleLastUseds": []}


def _roles(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask_all(session, args, "iam", "list_roles", PathPrefix=args.get("pathPrefix"))
    pattern = re.compile(args.get("nameRegex", ""))
    kept = [role for role in found if pattern.search(role["RoleName"])]
    names, arns = [role["RoleName"] for role in kept], [role["Arn"] for role in kept]
    return {**args, "names": names, "arns": arns, "id": session.region}


FUNCTIONS: Final = {
    ("iam", "getPolicyDocument"): _policy_document,
    ("iam", "getRole"): _role,
    ("iam", "getRoles"): _roles,
}
