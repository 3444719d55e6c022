import pytest
from botocore.exceptions import ClientError

XVDA = "/dev/xvda"


def disk(name, **ebs):
    return {"DeviceName": name, "Ebs": ebs}


@pytest.fixture
def volumes(aws):
    """Reads an instance's volumes by device name."""

    def read(instance):
        filters = [{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
        found = aws.client("ec2").describe_volumes(Filters=filters)["Volumes"]
        return {volume["Attachments"][0]["Device"]: volume for volume in found}

    return read


@pytest.fixture
def snapshot(aws):
    """Id of an own snapshot of 7 GiB."""
    ec2 = aws.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-west-2a", Size=7)["VolumeId"]
    return ec2.create_snapshot(VolumeId=volume)["SnapshotId"]


def test_every_member_of_a_block_device_reaches_its_volume(aws, run, volumes, snapshot):
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    fast = {"VolumeType": "gp3", "Iops": 8000, "Throughput": 1000, "VolumeInitializationRate": 200}
    instance = run(
        BlockDeviceMappings=[
            disk(XVDA, VolumeSize=100, Encrypted=True, KmsKeyId=key, **fast),
            disk("/dev/xvdb", SnapshotId=snapshot, VolumeType="io2", Iops=500),
            disk("/dev/xvdc", VolumeSize=200, VolumeType="st1", DeleteOnTermination=False),
        ]
    )
    found = volumes(instance)
    root = found[XVDA]
    assert (root["Size"], root["VolumeType"], root["Iops"], root["Throughput"]) == (100, "gp3", 8000, 1000)
    assert (root["Encrypted"], root["KmsKeyId"].endswith(key), root["VolumeInitializationRate"]) == (True, True, 200)
    assert (found["/dev/xvdb"]["Size"], found["/dev/xvdb"]["SnapshotId"]) == (7, snapshot)
    assert (found["/dev/xvdb"]["VolumeType"], found["/dev/xvdb"]["Iops"]) == ("io2", 500)
    aws.client("ec2").terminate_instances(InstanceIds=[instance["InstanceId"]])
    left = aws.client("ec2").describe_volumes(VolumeIds=[found["/dev/xvdc"]["VolumeId"]])["Volumes"]
    assert [volume["State"] for volume in left] == ["available"]


def test_a_launch_that_names_no_disk_has_the_images(run, volumes):
    [(device, volume)] = volumes(run()).items()
    assert (device, volume["Size"], volume["VolumeType"], volume["Iops"], volume["Throughput"]) == (
        XVDA, 20, "gp3", 3000, 125,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("disks", "message"),
    [
        (
            [disk(XVDA, VolumeSize=19)],
            r"InvalidBlockDeviceMapping.*Volume of size 19GB is smaller than snapshot 'snap-",
        ),
        ([disk("/dev/xvdb", VolumeSize=6, SnapshotId="OWN")], "expect size>= 7GB"),
        ([disk(XVDA, SnapshotId="OWN")], "snapshotId cannot be modified on root device"),
        ([disk("/dev/xvdb", SnapshotId="snap-0123456789abcdef0")], r"InvalidSnapshot\.NotFound"),
        ([disk("/dev/xvdb", VolumeType="gp3")], r"MissingParameter.*size or snapshotId for /dev/xvdb"),
        ([disk(XVDA, VolumeSize=30), disk(XVDA, VolumeSize=40)], "needs a device name of its own"),
        ([disk(XVDA, VolumeType="st1", VolumeSize=200)], "A st1 volume cannot boot: volumeType of /dev/xvda"),
        (
            [disk("/dev/xvdb", VolumeType="gp4", VolumeSize=9)],
            r"BlockDeviceMappings\[0\]\.Ebs\.VolumeType: 'gp4' is not one of",
        ),
        (
            [disk("/dev/xvdb", VolumeType="st1", VolumeSize=100)],
            "volumeSize of /dev/xvdb must be 125 to 16384, not 100",
        ),
        ([disk(XVDA, Iops=2000)], "iops of /dev/xvda must be 3000 to 80000, not 2000"),
        ([disk(XVDA, Iops=11_000)], "ratio of /dev/xvda is 550; at most 500"),
        ([disk("/dev/xvdb", VolumeType="gp2", VolumeSize=9, Iops=100)], "iops is not supported for gp2 volumes"),
        ([disk("/dev/xvdb", VolumeType="io2", VolumeSize=9)], "iops must be specified for io2 volumes"),
        ([disk("/dev/xvdb", VolumeType="io1", VolumeSize=9, Iops=500, Throughput=125)], "throughput is not supported"),
        ([disk(XVDA, Throughput=100)], "throughput of /dev/xvda must be 125 to 2000, not 100"),
        ([disk(XVDA, Throughput=1000)], "Throughput .* ratio of /dev/xvda is too high; it needs 4000"),
        ([disk(XVDA, VolumeInitializationRate=301)], "volumeInitializationRate of /dev/xvda must be 100 to 300"),
        ([disk("/dev/xvdb", VolumeSize=9, VolumeInitializationRate=200)], "of /dev/xvdb requires a snapshot"),
        ([disk(XVDA, Encrypted=False, KmsKeyId="x")], "KmsKeyId requires the parameter Encrypted"),
        ([disk(XVDA, Encrypted=True, KmsKeyId="0f0f")], r"InvalidKMSKey\.InvalidState.*0f0f does not exist"),
        ([{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}], "models EBS volumes only"),
    ],
)
def test_a_disk_that_ec2_would_refuse_is_refused(run, snapshot, disks, message):
    own = [{**d, "Ebs": {**d.get("Ebs", {}), "SnapshotId": snapshot}} if "OWN" in str(d) else d for d in disks]
    with pytest.raises(ClientError, match=message):
        run(BlockDeviceMappings=own)
