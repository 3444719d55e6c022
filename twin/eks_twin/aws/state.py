"""What the rooms that run clusters and nodes need to know of AWS, as one JSON document."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore import xform_name
from moto.ec2.models import ec2_backends

from eks_twin.aws.ec2 import network, reservations
from eks_twin.aws.ec2.catalogue import zone_id
from eks_twin.aws.ec2.launch import terminate
from eks_twin.aws.ec2.rules import profile_of
from eks_twin.aws.ec2.specification import ON_DEMAND
from eks_twin.aws.eks.nodegroup_scaling import running
from eks_twin.aws.eks.store import STORE, Cluster
from eks_twin.aws.principals import ACCOUNT


def document(region: str) -> dict[str, Any]:
    """Return clusters with their parts, and every instance that EC2 still shows; capacity blocks that end are ended."""
    ending = reservations.settle(region)
    if ending:
        terminate(region, ending)
    return {
        "clusters": [_cluster(cluster, region) for cluster in STORE.clusters.values()],
        "instances": list(_instances(region)),
    }


def _view(record: Mapping[str, Any], *same: str, **renamed: str) -> dict[str, Any]:
    """Return members of a record, under their own names or under others."""
    return {key: record.get(key) for key in same} | {ours: record.get(theirs) for ours, theirs in renamed.items()}


def _cluster(cluster: Cluster, region: str) -> dict[str, Any]:
    record = cluster.record
    return {
        **_view(record, "name", "arn", "status", "version", "endpoint", "roleArn", "bootstrapSelfManagedAddons"),
        **_view(record["resourcesVpcConfig"], "vpcId", "clusterSecurityGroupId", "subnetIds"),
        **_view(record["kubernetesNetworkConfig"], "serviceIpv4Cidr"),
        "region": region,
        "oidcIssuer": record["identity"]["oidc"]["issuer"],
        "accessEntries": [
            {
                **_view(entry, "principalArn", "type", "username", groups="kubernetesGroups"),
                "policies": [
                    _view(item, "policyArn", "accessScope") for item in cluster.policies.get(principal, {}).values()
                ],
            }
            for principal, entry in cluster.access_entries.items()
        ],
        "podIdentityAssociations": [
            _view(item, "associationId", "namespace", "serviceAccount", "roleArn")
            for item in cluster.associations.values()
        ],
        "addons": [
            {
                **_view(addon, "status", "configurationValues", "serviceAccountRoleArn"),
                **_view(addon, name="addonName", version="addonVersion"),
                "preserve": addon.get("preserve", False),
            }
            for addon in cluster.addons.values()
        ],
        "nodegroups": [
            {
                **_view(group, "status", "labels", "taints", "capacityType", "amiType", "releaseVersion"),
                **_view(group, name="nodegroupName", nodeRoleArn="nodeRole"),
                "instanceIds": running(group, region),
            }
            for group in cluster.nodegroups.values()
        ],
        "fargateProfiles": [
            _view(profile, "selectors", "subnets", name="fargateProfileName")
            for profile in cluster.fargate_profiles.values()
        ],
    }


OF_INSTANCE = (
    "architecture", "capacityReservationId", "cpuOptions", "imageId", "instanceType", "privateDnsName",
    "privateIpAddress", "state", "subnetId", "vpcId",
)  # fmt: skip
"""What the document says of an instance under the names that moto's object has, but for their spelling."""


def _instances(region: str) -> Iterator[dict[str, Any]]:
    backend = ec2_backends[ACCOUNT][region]
    instances: list[Any] = backend.all_instances()
    for instance in instances:
        image: Any = backend.amis.get(instance.image_id)
        profile, placement = instance.iam_instance_profile, instance.placement
        found = profile_of({"Arn": profile["Arn"]}) if profile else None
        options = instance.metadata_options
        yield {
            **{name: getattr(instance, xform_name(name)) for name in OF_INSTANCE},
            "instanceId": instance.id,
            "lifecycle": instance.lifecycle or ON_DEMAND,
            "zone": instance.availability_zone,
            "zoneId": zone_id(region, instance.availability_zone),
            "region": region,
            "imageName": image.name if image else None,
            "imageContent": vars(image.data.content) if image else None,
            "instanceProfileArn": profile["Arn"] if profile else None,
            "roleArn": found.roles[0].arn if found and found.roles else None,
            "userData": instance.user_data.decode() if instance.user_data else "",
            "tags": {tag["key"]: tag["value"] for tag in instance.get_tags()},
            "blockDeviceMappings": [
                {
                    "DeviceName": device,
                    "VolumeId": block.volume_id,
                    "VolumeSize": backend.volumes[block.volume_id].size,
                    "VolumeType": backend.volumes[block.volume_id].volume_type,
                    "Encrypted": backend.volumes[block.volume_id].encrypted,
                }
                for device, block in instance.get_block_device_mapping
                if block.volume_id in backend.volumes
            ],
            "metadataOptions": {
                "HttpTokens": options.http_tokens,
                "HttpPutResponseHopLimit": options.http_put_response_hop_limit,
                "HttpEndpoint": options.http_endpoint,
            },
            "networkInterfaces": network.shown(instance),
            "placementGroup": placement.group_name or None,
            "partitionNumber": getattr(placement, "partition_number", None),
            "tenancy": placement.tenancy,
            "detailedMonitoring": instance.monitored,
            "launchTime": instance.launch_time.isoformat(),
        }
