"""What the functions share: calls that end in one readable error, and outputs picked by types.json."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from eks_twin.plugins.aws import schema
from eks_twin.plugins.aws.session import Session, explained, listed
from eks_twin.plugins.aws.shapes import from_aws
from eks_twin.plugins.base import PluginError


@contextmanager
def _worded(client: Any) -> Iterator[None]:
    """Whatever fails inside is one readable error."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise PluginError(explained(error, client.meta.service_model.service_id)) from error


def ask(session: Session, args: Mapping[str, Any], service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """AWS's answer, in the region that the function's arguments name."""
    client = session.client(service, args.get("region"))
    with _worded(client):
        return getattr(client, operation)(**_given(parameters))


def ask_all(session: Session, args: Mapping[str, Any], service: str, operation: str, **parameters: Any) -> list[Any]:
    """The items of every page of a listing."""
    client = session.client(service, args.get("region"))
    with _worded(client):
        return listed(client, operation, **_given(parameters))


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if value not in (None, [], {})}


def filters(args: Mapping[str, Any], also: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """EC2's filters from `filters`, `tags` and further name → value pairs of which some are unset."""
    result = [{"Name": item["name"], "Values": item["values"]} for item in args.get("filters", ())]
    result += [{"Name": f"tag:{key}", "Values": [value]} for key, value in args.get("tags", {}).items()]
    text = {True: "true", False: "false"}
    return result + [
        {"Name": name, "Values": [text.get(value, value)]} for name, value in (also or {}).items() if value is not None
    ]


def only(items: list[Any], noun: str) -> Any:
    """The one match; none and several are errors, as in pulumi-aws."""
    if len(items) != 1:
        found = "no matching" if not items else f"multiple ({len(items)}) matching"
        raise PluginError(f"{found} {noun} found; change the search criteria so that exactly one matches")
    return items[0]


def outputs(
    token: str, session: Session, args: Mapping[str, Any], answer: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """The function's outputs: its arguments, what `answer` says, then `more`, whose None means absent."""
    facts = schema.functions()[token].outputs
    found = from_aws(answer, {k: v for k, v in facts.items() if k not in more})
    place = {"region": args.get("region") or session.region} if "region" in facts else {}
    echoed = {name: value for name, value in args.items() if name in facts}
    own = {name: value for name, value in more.items() if value is not None}
    return {**place, **echoed, **found, **own}
