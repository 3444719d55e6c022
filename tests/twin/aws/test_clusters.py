def test_a_cluster_is_creating_until_its_control_plane_is_reported(aws, network, roles, name):
    eks = aws.client("eks")
    created = eks.create_cluster(
        name=name, roleArn=roles["cluster"], resourcesVpcConfig={"subnetIds": network.subnet_ids}
    )["cluster"]
    assert (created["status"], created["version"], created["resourcesVpcConfig"]["vpcId"]) == (
        "CREATING",
        "1.35",
        network.vpc_id,
    )
    aws.private(
        "PATCH",
        f"clusters/{name}",
        {"status": "ACTIVE", "endpoint": "https://127.0.0.1:1", "certificateAuthority": "Q0E="},
    )
    described = eks.describe_cluster(name=name)["cluster"]
    assert (described["status"], described["endpoint"], described["certificateAuthority"]) == (
        "ACTIVE",
        "https://127.0.0.1:1",
        {"data": "Q0E="},
    )
