import pytest
from botocore.exceptions import ClientError

WINDOWS = "/aws/service/ami-windows-latest/Windows_Server"
AL2023 = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64"
ROCKET = "/aws/service/bottlerocket/aws-k8s-1.35"


@pytest.fixture(scope="session")
def public(aws):
    """Returns the image that a public parameter leads to."""

    def find(directory):
        image_id = aws.client("ssm").get_parameter(Name=f"{directory}/image_id")["Parameter"]["Value"]
        [image] = aws.client("ec2").describe_images(Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]
        return image

    return find


@pytest.fixture
def copied(aws, public, name):
    """Id of our own copy of the nvidia image, tagged team=ml and with the test's name."""
    tags = [{"ResourceType": "image", "Tags": [{"Key": "team", "Value": "ml"}]}]
    source = public(f"{AL2023}/nvidia/recommended")["ImageId"]
    ec2 = aws.client("ec2")
    made = ec2.copy_image(Name=name, SourceImageId=source, SourceRegion="us-west-2", TagSpecifications=tags)["ImageId"]
    yield made
    ec2.deregister_image(ImageId=made)


@pytest.mark.parametrize(
    ("directory", "name", "disks"),
    [
        (f"{AL2023}/neuron/recommended", "al2023-x86_64-neuron-1.35-v20261101", {"/dev/xvda": 20}),
        (f"{ROCKET}/x86_64/latest", "aws-k8s-1.35-x86_64-v1.64.0", {"/dev/xvda": 2, "/dev/xvdb": 20}),
        (f"{ROCKET}-nvidia/arm64/1.57.0", "1.35-nvidia-arm64-v1.57.0", {"/dev/xvda": 4, "/dev/xvdb": 20}),
        (f"{WINDOWS}-2019-English-Core-EKS_Optimized-1.31", "2019-English-Core-EKS_Optimized-1.31", {"/dev/sda1": 50}),
        (f"{WINDOWS}-2022-English-Full-EKS_Optimized-1.34", "2022-English-Full-EKS_Optimized-1.34", {"/dev/sda1": 50}),
        (f"{WINDOWS}-2025-English-Core-EKS_Optimized-1.35", "2025-English-Core-EKS_Optimized-1.35", {"/dev/sda1": 50}),
    ],
)
def test_every_alias_family_has_images_with_snapshots_of_their_size(aws, public, directory, name, disks):
    image = public(directory)
    assert name in image["Name"]
    assert image.get("Platform") == ("windows" if "Windows" in name or "English" in name else None)
    assert image["RootDeviceName"] == next(iter(disks))
    assert {m["DeviceName"]: m["Ebs"]["VolumeSize"] for m in image["BlockDeviceMappings"]} == disks
    ids = [m["Ebs"]["SnapshotId"] for m in image["BlockDeviceMappings"]]
    found = aws.client("ec2").describe_snapshots(SnapshotIds=ids)["Snapshots"]
    assert {s["SnapshotId"]: s["VolumeSize"] for s in found} == dict(zip(ids, disks.values(), strict=True))


def test_a_deprecated_image_is_shown_when_asked_for(aws):
    wanted = [{"Name": "name", "Values": ["amazon-eks-node-al2023-x86_64-standard-1.35-v2024*"]}]
    ec2 = aws.client("ec2")
    assert ec2.describe_images(Filters=wanted)["Images"] == []
    [image] = ec2.describe_images(Filters=wanted, IncludeDeprecated=True)["Images"]
    assert (image["CreationDate"][:10], image["DeprecationTime"][:10]) == ("2024-10-24", "2026-10-24")


def test_windows_2025_starts_with_kubernetes_1_35(aws):
    with pytest.raises(ClientError, match="ParameterNotFound"):
        aws.client("ssm").get_parameter(Name=f"{WINDOWS}-2025-English-Core-EKS_Optimized-1.34/image_id")


@pytest.mark.parametrize(
    "arguments",
    [
        {"Filters": [{"Name": "tag:team", "Values": ["ml"]}]},
        {"Filters": [{"Name": "tag-key", "Values": ["team"]}]},
        {"Owners": ["self", "amazon"], "Filters": [{"Name": "name", "Values": ["NAME*"]}]},
        {"Owners": ["123456789012"], "MaxResults": 1000},
        {"IncludeDeprecated": True, "Filters": [{"Name": "image-id", "Values": ["ID"]}]},
        {"ImageIds": ["ID"]},
    ],
)
def test_an_image_of_ones_own_is_found_as_selectors_look_for_it(aws, name, copied, arguments):
    text = str(arguments).replace("NAME", name).replace("ID'", f"{copied}'")
    found = aws.client("ec2").describe_images(**eval(text))["Images"]
    assert [image["ImageId"] for image in found] == [copied]
    assert (found[0]["OwnerId"], found[0]["Public"], found[0]["Architecture"]) == ("123456789012", False, "x86_64")


def test_an_image_is_hidden_from_other_names_owners_and_tags(aws, copied):
    ec2 = aws.client("ec2")
    for filters in ([{"Name": "tag:team", "Values": ["web"]}], [{"Name": "name", "Values": ["nothing*"]}]):
        assert ec2.describe_images(Filters=filters)["Images"] == []
    amazons = ec2.describe_images(Owners=["amazon"])["Images"]
    assert copied not in {image["ImageId"] for image in amazons}
    with pytest.raises(ClientError, match="The filter 'colour' is invalid for DescribeImages"):
        ec2.describe_images(Filters=[{"Name": "colour", "Values": ["red"]}])


def test_ones_own_parameter_leads_to_an_image(aws, copied, name):
    ssm = aws.client("ssm")
    ssm.put_parameter(Name=f"/{name}/image", Value=copied, Type="String", DataType="aws:ec2:image")
    assert ssm.get_parameter(Name=f"/{name}/image")["Parameter"]["Value"] == copied
    ssm.delete_parameter(Name=f"/{name}/image")


def test_what_an_image_holds_follows_copies_and_instances(aws, copied, run, state, name):
    ec2 = aws.client("ec2")
    nvidia = {"family": "AL2023", "variant": "nvidia", "kubernetes": "1.35"}
    instance = run("g5.xlarge", ImageId=copied, BlockDeviceMappings=[_disk("/dev/xvda", 60)])
    assert state(instance["InstanceId"])["imageContent"] == nvidia
    made = ec2.create_image(InstanceId=instance["InstanceId"], Name=f"{name}-made")["ImageId"]
    [image] = ec2.describe_images(ImageIds=[made])["Images"]
    assert [m["Ebs"]["VolumeSize"] for m in image["BlockDeviceMappings"]] == [60]
    mapping = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]}}
    registered = ec2.register_image(
        Name=f"{name}-registered",
        Architecture="x86_64",
        VirtualizationType="hvm",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[mapping],
    )["ImageId"]
    assert state(run("g5.xlarge", ImageId=registered)["InstanceId"])["imageContent"] == nvidia
    for image_id in (made, registered):
        ec2.deregister_image(ImageId=image_id)


def test_an_image_from_an_empty_volume_holds_nothing_known(aws, run, state, name):
    ec2 = aws.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-west-2a", Size=3)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    common = {"Architecture": "x86_64", "VirtualizationType": "hvm", "RootDeviceName": "/dev/sda1"}
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}
    made = ec2.register_image(Name=name, BlockDeviceMappings=[mapping], **common)["ImageId"]
    content = state(run(ImageId=made)["InstanceId"])["imageContent"]
    assert content == {"family": "Custom", "variant": "", "kubernetes": ""}
    with pytest.raises(ClientError, match=rf"InvalidSnapshot\.InUse.*{made}"):
        ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.deregister_image(ImageId=made)
    ec2.delete_snapshot(SnapshotId=snapshot)


def test_snapshots_are_listed_by_owner_size_and_tag(aws, name):
    ec2 = aws.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-west-2a", Size=11)["VolumeId"]
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "of", "Value": name}]}]
    made = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"]
    for wanted in ({"OwnerIds": ["self"]}, {"OwnerIds": ["123456789012"]}, {"SnapshotIds": [made]}):
        filters = [{"Name": "tag:of", "Values": [name]}, {"Name": "volume-size", "Values": ["11"]}]
        [found] = ec2.describe_snapshots(**wanted, Filters=filters)["Snapshots"]
        assert (found["SnapshotId"], found["VolumeId"], found["State"]) == (made, volume, "completed")
    amazons = ec2.describe_snapshots(OwnerIds=["amazon"])["Snapshots"]
    assert made not in {snapshot["SnapshotId"] for snapshot in amazons}
    with pytest.raises(ClientError, match="does not model RestorableByUserIds of DescribeSnapshots"):
        ec2.describe_snapshots(RestorableByUserIds=["self"])


def test_amazons_images_and_snapshots_cannot_be_taken_away(aws, public):
    image, ec2 = public(f"{AL2023}/standard/recommended"), aws.client("ec2")
    with pytest.raises(ClientError, match=r"AuthFailure.*belongs to 602401143452"):
        ec2.deregister_image(ImageId=image["ImageId"])
    with pytest.raises(ClientError, match=r"AuthFailure.*belongs to 602401143452"):
        ec2.delete_snapshot(SnapshotId=image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Name": "TAKEN"}, r"InvalidAMIName\.Duplicate"),
        ({"Architecture": "i386"}, "architecture x86_64 or arm64, not i386"),
        ({"VirtualizationType": "paravirtual"}, "virtualizationType hvm"),
        ({"RootDeviceName": "/dev/sdz"}, "No root snapshot specified in device mapping for /dev/sdz"),
        ({"KernelId": "aki-1"}, "does not model KernelId of RegisterImage"),
        ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}, "'vpc' is not a valid taggable resource type"),
        ({"BlockDeviceMappings": "SMALL"}, "smaller than its snapshot, expect size>= 20GB"),
    ],
)
def test_an_image_that_ec2_would_not_register_is_refused(aws, copied, name, change, message):
    ec2 = aws.client("ec2")
    [image] = ec2.describe_images(ImageIds=[copied])["Images"]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    mapping = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    base = {"Name": f"{name}-x", "Architecture": "x86_64", "VirtualizationType": "hvm", "RootDeviceName": "/dev/xvda"}
    arguments = {**base, "BlockDeviceMappings": [mapping], **change}
    if arguments["Name"] == "TAKEN":
        arguments["Name"] = image["Name"]
    if arguments["BlockDeviceMappings"] == "SMALL":
        arguments["BlockDeviceMappings"] = [{**mapping, "Ebs": {"SnapshotId": snapshot, "VolumeSize": 10}}]
    with pytest.raises(ClientError, match=message):
        ec2.register_image(**arguments)


def test_the_inventory_lists_ones_own_images_and_snapshots_only(aws, copied):
    found = {(r["type"], r["id"]) for r in aws.private("GET", "inventory") if r["type"] in {"image", "snapshot"}}
    assert ("image", copied) in found
    assert len([1 for kind, _ in found if kind == "image"]) < 10


def _disk(device, size):
    return {"DeviceName": device, "Ebs": {"VolumeSize": size, "VolumeType": "gp3"}}
