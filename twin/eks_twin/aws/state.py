"""What the rooms that run clusters and nodes need to know of AWS, as one JSON document."""

from collections.abc import Iterator
from typing import Any

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


def _cluster(cluster: Cluster, region: str) -> dict[str, Any]:
    record = cluster.record
    vpc, network = record["resourcesVpcConfig"], record["kubernetesNetworkConfig"]
    return {
        "name": cluster.name,
        "arn": record["arn"],
        "status": record["status"],
        "version": record["version"],
        "region": region,
        "endpoint": record.get("endpoint"),
        "vpcId": vpc["vpcId"],
        "roleArn": record["roleArn"],
        "clusterSecurityGroupId": vpc["clusterSecurityGroupId"],
        "subnetIds": vpc["subnetIds"],
        "serviceIpv4Cidr": network["serviceIpv4Cidr"],
        "oidcIssuer": record["identity"]["oidc"]["issuer"],
        "bootstrapSelfManagedAddons": record["bootstrapSelfManagedAddons"],
        "accessEntries": [
            {
                "principalArn": principal,
                "type": entry["type"],
                "username": entry["username"],
                "groups": entry["kubernetesGroups"],
                "policies": [
                    {"policyArn": item["policyArn"], "accessScope": item["accessScope"]}
                    for item in cluster.policies.get(principal, {}).values()
                ],
            }
            for principal, entry in cluster.access_entries.items()
        ],
        "podIdentityAssociations": [
            {key: item[key] for key in ("associationId", "namespace", "serviceAccount", "roleArn")}
            for item in cluster.associations.values()
        ],
        "addons": [
            {
                "name": addon["addonName"],
                "version": addon["addonVersion"],
                "status": addon["status"],
                "configurationValues": addon["configurationValues"],
                "serviceAccountRoleArn": addon["serviceAccountRoleArn"],
                "preserve": addon.get("preserve", False),
            }
            for addon in cluster.addons.values()
        ],
        "nodegroups": [_nodegroup(cluster, name, region) for name in cluster.nodegroups],
        "fargateProfiles": [
            {"name": profile["fargateProfileName"], "selectors": profile["selectors"], "subnets": profile["subnets"]}
            for profile in cluster.fargate_profiles.values()
        ],
    }


def _nodegroup(cluster: Cluster, name: str, region: str) -> dict[str, Any]:
    record = cluster.nodegroups[name]
    return {
        "name": name,
        "status": record["status"],
        "instanceIds": running(record, region),
        "labels": record["labels"],
        "taints": record["taints"],
        "capacityType": record["capacityType"],
        "amiType": record["amiType"],
        "releaseVersion": record["releaseVersion"],
        "nodeRoleArn": record["nodeRole"],
    }


def _instances(region: str) -> Iterator[dict[str, Any]]:
    backend = ec2_backends[ACCOUNT][region]
    instances: list[Any] = backend.all_instances()
    for instance in instances:
        image: Any = backend.amis.get(instance.image_id)
        profile = instance.iam_instance_profile
        found = profile_of({"Arn": profile["Arn"]}) if profile else None
        yield {
            "instanceId": instance.id,
            "instanceType": instance.instance_type,
            "state": instance.state,
            "lifecycle": instance.lifecycle or ON_DEMAND,
            "privateDnsName": instance.private_dns_name,
            "privateIpAddress": instance.private_ip_address,
            "subnetId": instance.subnet_id,
            "vpcId": instance.vpc_id,
            "zone": instance.availability_zone,
            "zoneId": zone_id(region, instance.availability_zone),
            "region": region,
            "architecture": instance.architecture,
            "imageId": instance.image_id,
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
                "HttpTokens": instance.metadata_options.http_tokens,
                "HttpPutResponseHopLimit": instance.metadata_options.http_put_response_hop_limit,
                "HttpEndpoint": instance.metadata_options.http_endpoint,
            },
            "networkInterfaces": network.shown(instance),
            "capacityReservationId": instance.capacity_reservation_id,
            "placementGroup": instance.placement.group_name or None,
            "partitionNumber": getattr(instance.placement, "partition_number", None),
            "tenancy": instance.placement.tenancy,
            "cpuOptions": instance.cpu_options,
            "detailedMonitoring": instance.monitored,
            "launchTime": instance.launch_time.isoformat(),
        }
