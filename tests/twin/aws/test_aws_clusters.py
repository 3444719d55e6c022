import re

import pytest
from botocore.exceptions import ClientError


def test_a_cluster_is_creating_until_its_control_plane_is_reported(aws, network, roles, name):
    eks = aws.client("eks")
    config = {"subnetIds": network.subnet_ids}
    created = eks.create_cluster(name=name, roleArn=roles["cluster"], resourcesVpcConfig=config)["cluster"]
    assert (created["status"], created["version"]) == ("CREATING", "1.35")
    assert created["resourcesVpcConfig"]["vpcId"] == network.vpc_id
    report = {"status": "ACTIVE", "endpoint": "https://127.0.0.1:1", "certificateAuthority": "Q0E="}
    aws.private("PATCH", f"clusters/{name}", report)
    described = eks.describe_cluster(name=name)["cluster"]
    assert described["status"] == "ACTIVE"
    assert (described["endpoint"], described["certificateAuthority"]) == ("https://127.0.0.1:1", {"data": "Q0E="})


def test_eks_makes_a_security_group_and_interfaces_in_the_vpc_and_removes_them_at_the_end(
    aws, network, make_cluster, name
):
    ec2, eks = aws.client("ec2"), aws.client("eks")
    make_cluster(name)
    group_id = eks.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    [group] = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
    assert tags[f"kubernetes.io/cluster/{name}"] == "owned"
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group_id
    wanted = [{"Name": "description", "Values": [f"Amazon EKS {name}"]}]
    interfaces = ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
    assert {item["SubnetId"] for item in interfaces} == set(network.subnet_ids)
    eks.delete_cluster(name=name)
    assert eks.describe_cluster(name=name)["cluster"]["status"] == "DELETING"
    assert aws.private("DELETE", f"clusters/{name}") == {}
    with pytest.raises(ClientError, match=rf"ResourceNotFoundException.*No cluster found for name: {name}"):
        eks.describe_cluster(name=name)
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.describe_security_groups(GroupIds=[group_id])
    assert ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"] == []


def test_each_cluster_has_an_issuer_of_its_own(aws, make_cluster, name):
    issuers = {make_cluster(f"{name}-{i}")["identity"]["oidc"]["issuer"] for i in range(2)}
    assert len(issuers) == 2
    assert all(
        re.fullmatch(r"https://oidc\.eks\.us-west-2\.amazonaws\.com/id/[0-9A-F]{32}", issuer) for issuer in issuers
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "1.19"}, r"unsupported Kubernetes version 1\.19; supported are .*1\.35"),
        (
            {"roleArn": "arn:aws:iam::123456789012:role/none"},
            "role/none does not exist, or its trust",
        ),
        ({"accessConfig": {"authenticationMode": "FOO"}}, r"authenticationMode: 'FOO' is not one of"),
        ({"name": "bad name!"}, r"name: 'bad name!' does not match"),
        ({"computeConfig": {"enabled": True}}, r"does not model computeConfig\.enabled"),
        ({"remoteNetworkConfig": {}}, r"does not model remoteNetworkConfig"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.0.0/16"}}, "overlaps with the VPC's 10.0.0.0/16"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/28"}}, "between /24 and /12"),
        ({"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}, "does not model .*ipv6"),
        (
            {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:x:1:key/n"}}]},
            "no enabled KMS key",
        ),
    ],
)
def test_a_cluster_that_aws_or_the_twin_cannot_make_is_refused(make_cluster, name, change, message):
    with pytest.raises(ClientError, match=message):
        make_cluster(**{"name": name, **change})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (lambda n: {"subnetIds": n.subnet_ids[:1]}, "at least two different AZs"),
        (lambda n: {"subnetIds": ["subnet-0123456789abcdef0"]}, "subnet-0123456789abcdef0' does not exist"),
        (lambda n: {"subnetIds": n.subnet_ids, "endpointPublicAccess": False}, "endpoint access cannot be false"),
        (lambda n: {"subnetIds": n.subnet_ids, "publicAccessCidrs": ["nope"]}, r"CIDRs are invalid.*\[nope\]"),
        (
            lambda n: {"subnetIds": n.subnet_ids, "securityGroupIds": ["sg-0123456789abcdef0"]},
            "sg-0123456789abcdef0' does not exist",
        ),
    ],
)
def test_a_network_that_a_cluster_cannot_use_is_refused(make_cluster, network, name, config, message):
    with pytest.raises(ClientError, match=message):
        make_cluster(name, resourcesVpcConfig=config(network))


def test_a_name_is_used_once(cluster, make_cluster):
    with pytest.raises(ClientError, match=f"ResourceInUseException.*{cluster}"):
        make_cluster(cluster)


def test_logging_makes_the_log_group_once_and_updates_merge(aws, make_cluster, name):
    eks, logs = aws.client("eks"), aws.client("logs")
    group = f"/aws/eks/{name}/cluster"
    logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    make_cluster(name, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    eks.update_cluster_config(name=name, logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]})
    enabled = [s for s in eks.describe_cluster(name=name)["cluster"]["logging"]["clusterLogging"] if s["enabled"]]
    assert enabled[0]["types"] == ["api", "audit"]
    with pytest.raises(ClientError, match="No changes needed"):
        eks.update_cluster_config(name=name, logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]})


def test_an_endpoint_update_keeps_the_rest_of_the_network(aws, cluster, network):
    eks = aws.client("eks")
    update = eks.update_cluster_config(name=cluster, resourcesVpcConfig={"endpointPrivateAccess": True})["update"]
    assert (update["type"], update["status"]) == ("EndpointAccessUpdate", "Successful")
    assert eks.describe_update(name=cluster, updateId=update["id"])["update"]["id"] == update["id"]
    assert eks.list_updates(name=cluster)["updateIds"] == [update["id"]]
    config = eks.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]
    assert (config["endpointPrivateAccess"], config["endpointPublicAccess"]) == (True, True)
    assert config["subnetIds"] == network.subnet_ids


def test_one_kind_of_change_per_update(aws, cluster):
    with pytest.raises(ClientError, match="exactly one type of update"):
        aws.client("eks").update_cluster_config(
            name=cluster, deletionProtection=True, upgradePolicy={"supportType": "STANDARD"}
        )


def test_the_authentication_mode_goes_one_way(aws, cluster):
    with pytest.raises(ClientError, match="update from API to CONFIG_MAP"):
        aws.client("eks").update_cluster_config(name=cluster, accessConfig={"authenticationMode": "CONFIG_MAP"})


def test_deletion_protection_protects_until_it_is_lifted(aws, make_cluster, name):
    eks = aws.client("eks")
    make_cluster(name, deletionProtection=True)
    with pytest.raises(ClientError, match="deletion protection"):
        eks.delete_cluster(name=name)
    eks.update_cluster_config(name=name, deletionProtection=False)
    assert eks.delete_cluster(name=name)["cluster"]["status"] == "DELETING"


def test_a_version_update_goes_one_minor_up_and_ends_with_the_report(aws, make_cluster, name):
    eks = aws.client("eks")
    make_cluster(name, version="1.33")
    with pytest.raises(ClientError, match=r"update from 1\.33 to 1\.35"):
        eks.update_cluster_version(name=name, version="1.35")
    update = eks.update_cluster_version(name=name, version="1.34")["update"]
    assert update["status"] == "InProgress"
    assert eks.describe_cluster(name=name)["cluster"]["status"] == "UPDATING"
    aws.private("PATCH", f"clusters/{name}", {"status": "ACTIVE"})
    assert eks.describe_update(name=name, updateId=update["id"])["update"]["status"] == "Successful"


def test_versions_come_with_one_default(aws):
    versions = aws.client("eks").describe_cluster_versions()["clusterVersions"]
    assert [v["clusterVersion"] for v in versions if v["defaultVersion"]] == ["1.35"]
    assert {v["clusterVersion"] for v in versions} >= {"1.33", "1.34", "1.35"}


def test_tags_are_kept_by_arn(aws, make_cluster, name):
    eks = aws.client("eks")
    arn = make_cluster(name, tags={"a": "1"})["arn"]
    eks.tag_resource(resourceArn=arn, tags={"b": "2"})
    eks.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert eks.describe_cluster(name=name)["cluster"]["tags"] == {"b": "2"}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("clusters/{}", {"status": "FINE"}, "status FINE is not one of"),
        ("clusters/{}", {"state": "ACTIVE"}, "unknown state"),
        ("clusters/none", {"status": "ACTIVE"}, "No cluster found"),
        ("clusters/{}/addons/coredns", {"status": "ACTIVE"}, "No addon found"),
        ("clusters/{}/nodegroups/none", {"status": "ACTIVE"}, "No node group found"),
    ],
)
def test_a_wrong_report_is_refused(aws, cluster, path, body, message):
    answer = aws.private("PATCH", path.format(cluster), body)
    assert answer["httpStatus"] in {400, 404}
    assert message in answer["message"]


def test_a_live_cluster_is_not_dropped(aws, cluster):
    assert "is ACTIVE, not DELETING" in aws.private("DELETE", f"clusters/{cluster}")["message"]


def test_fargate_profiles_check_their_role_and_selectors_and_hold_the_cluster(aws, cluster, roles):
    eks = aws.client("eks")
    profile = {"clusterName": cluster, "fargateProfileName": "system", "podExecutionRoleArn": roles["fargate"]}
    with pytest.raises(ClientError, match="1 to 5 selectors, got 0"):
        eks.create_fargate_profile(**profile, selectors=[])
    with pytest.raises(ClientError, match="does not allow eks-fargate-pods"):
        eks.create_fargate_profile(**{**profile, "podExecutionRoleArn": roles["node"]}, selectors=[{"namespace": "a"}])
    created = eks.create_fargate_profile(**profile, selectors=[{"namespace": "kube-system"}])["fargateProfile"]
    assert created["status"] == "ACTIVE"
    assert (
        eks.describe_access_entry(clusterName=cluster, principalArn=roles["fargate"])["accessEntry"]["type"]
        == "FARGATE_LINUX"
    )
    with pytest.raises(ClientError, match="Fargate profiles attached: system"):
        eks.delete_cluster(name=cluster)
    eks.delete_fargate_profile(clusterName=cluster, fargateProfileName="system")
    assert eks.list_fargate_profiles(clusterName=cluster)["fargateProfileNames"] == []
