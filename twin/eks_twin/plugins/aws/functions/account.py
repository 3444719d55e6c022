"""Who and where one is: caller, region, partition; and parameters of the account."""

from typing import Any, Final

from eks_twin.plugins.aws.session import Session

from .answers import ask, filters, outputs


def _caller(session: Session, _: dict[str, Any]) -> dict[str, Any]:
    identity = session.identity
    account = identity["Account"]
    return {"accountId": account, "arn": identity["Arn"], "userId": identity["UserId"], "id": account}


def _region(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    region = args.get("region") or args.get("name") or args.get("id") or session.region
    suffix = session.partition(region)["dnsSuffix"]
    known = session.partition(region)["regions"].get(region, {})
    return {
        "region": region,
        "name": region,
        "id": region,
        "endpoint": f"ec2.{region}.{suffix}",
        "description": known.get("description", region),
    }


def _partition(session: Session, _: dict[str, Any]) -> dict[str, Any]:
    partition = session.partition()
    name, suffix = partition["partition"], partition["dnsSuffix"]
    reverse = ".".join(reversed(suffix.split(".")))
    return {"partition": name, "dnsSuffix": suffix, "reverseDnsPrefix": reverse, "id": name}


def _parameter(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    decrypt = args.get("withDecryption", True)
    answer = ask(session, args, "ssm", "get_parameter", Name=args["name"], WithDecryption=decrypt)["Parameter"]
    plain = answer["Value"] if answer["Type"] != "SecureString" else None
    return outputs(
        "aws:ssm/getParameter:getParameter",
        session,
        {"withDecryption": decrypt, **args},
        answer,
        insecureValue=plain,
    )


def _zones(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask(
        session,
        args,
        "ec2",
        "describe_availability_zones",
        AllAvailabilityZones=args.get("allAvailabilityZones"),
        Filters=filters(args, {"state": args.get("state")}),
    )["AvailabilityZones"]
    kept = [
        zone
        for zone in sorted(found, key=lambda zone: zone["ZoneName"])
        if zone["ZoneName"] not in args.get("excludeNames", ()) and zone["ZoneId"] not in args.get("excludeZoneIds", ())
    ]
    return outputs(
        "aws:index/getAvailabilityZones:getAvailabilityZones",
        session,
        args,
        {},
        names=[zone["ZoneName"] for zone in kept],
        zoneIds=[zone["ZoneId"] for zone in kept],
        groupNames=sorted({zone["GroupName"] for zone in kept if zone.get("GroupName")}),
        id=args.get("region") or session.region,
    )


FUNCTIONS: Final = {
    ("index", "getCallerIdentity"): _caller,
    ("index", "getRegion"): _region,
    ("index", "getPartition"): _partition,
    ("index", "getAvailabilityZones"): _zones,
    ("ssm", "getParameter"): _parameter,
}
