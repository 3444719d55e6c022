"""Instance types and where they are offered."""

from typing import Any, Final

from eks_twin.plugins.aws.schema import functions
from eks_twin.plugins.aws.session import Session
from eks_twin.plugins.facts import members

from .answers import ask, ask_all, filters, only, outputs

INSTANCE_TYPE: Final = "aws:ec2/getInstanceType:getInstanceType"


def _instance_type(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    answer = ask(session, args, "ec2", "describe_instance_types", InstanceTypes=[args.get("instanceType")])
    found = only(answer["InstanceTypes"], "EC2 Instance Type")
    result = outputs(INSTANCE_TYPE, session, args, found)
    devices = {name: [] for name, facts in functions()[INSTANCE_TYPE].outputs.items() if members(facts.type)}
    memory = sum(item["memorySize"] * item["count"] for item in result.get("inferenceAccelerators", ()))
    return {**devices, **result, **({"totalInferenceMemory": memory} if memory else {})}


def _instance_types(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask_all(session, args, "ec2", "describe_instance_types", Filters=filters(args))
    region = args.get("region") or session.region
    names = sorted(item["InstanceType"] for item in found)
    return {**args, "instanceTypes": names, "id": region, "region": region}


def _offerings(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask_all(
        session,
        args,
        "ec2",
        "describe_instance_type_offerings",
        LocationType=args.get("locationType"),
        Filters=filters(args),
    )
    rows = sorted((item["InstanceType"], item["Location"], item["LocationType"]) for item in found)
    region = args.get("region") or session.region
    return {
        **args,
        "instanceTypes": [row[0] for row in rows],
        "locations": [row[1] for row in rows],
        "locationTypes": [row[2] for row in rows],
        "id": region,
        "region": region,
    }


FUNCTIONS: Final = {
    ("ec2", "getInstanceType"): _instance_type,
    ("ec2", "getInstanceTypes"): _instance_types,
    ("ec2", "getInstanceTypeOfferings"): _offerings,
}
