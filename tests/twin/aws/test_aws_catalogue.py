import json

import pytest
from botocore.exceptions import ClientError


def pages(client, operation, key, **arguments):
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


def test_types_are_the_regions_own_and_complete(aws):
    ec2 = aws.client("ec2")
    filters = [
        {"Name": "supported-virtualization-type", "Values": ["hvm"]},
        {"Name": "processor-info.supported-architecture", "Values": ["x86_64", "arm64"]},
    ]
    found = {
        t["InstanceType"]: t
        for t in pages(ec2, "describe_instance_types", "InstanceTypes", Filters=filters, MaxResults=100)
    }
    assert len(found) > 1000
    assert found["inf2.48xlarge"]["NeuronInfo"]["NeuronDevices"][0]["Count"] == 12
    [gpu] = found["p5.48xlarge"]["GpuInfo"]["Gpus"]
    assert (gpu["Name"], gpu["Count"], gpu["MemoryInfo"]["SizeInMiB"]) == ("H100", 8, 81920)
    assert found["p5.48xlarge"]["NetworkInfo"]["EfaInfo"]["MaximumEfaInterfaces"] == 32
    assert "trn2.48xlarge" not in found


def test_types_are_found_by_wildcard_and_refused_by_name(aws):
    ec2 = aws.client("ec2")
    wanted = [{"Name": "instance-type", "Values": ["inf2.*"]}]
    assert len(ec2.describe_instance_types(Filters=wanted)["InstanceTypes"]) == 4
    with pytest.raises(ClientError, match=r"InvalidInstanceType.*nope\.large"):
        ec2.describe_instance_types(InstanceTypes=["nope.large"])
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*filter 'nope' is invalid"):
        ec2.describe_instance_types(Filters=[{"Name": "nope", "Values": ["x"]}])
    with pytest.raises(ClientError, match="DryRunOperation"):
        ec2.describe_instance_types(DryRun=True)


def test_offerings_name_the_zones_of_a_type(aws):
    ec2 = aws.client("ec2")
    wanted = [{"Name": "instance-type", "Values": ["p5e*"]}]
    rows = pages(
        ec2,
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=wanted,
    )
    assert {(row["InstanceType"], row["Location"]) for row in rows} == {
        ("p5e.48xlarge", "us-west-2c"),
        ("p5en.48xlarge", "us-west-2a"),
        ("p5en.48xlarge", "us-west-2c"),
        ("p5en.48xlarge", "us-west-2d"),
    }
    with pytest.raises(ClientError, match="LocationType: 'galaxy' is not one of region"):
        ec2.describe_instance_type_offerings(LocationType="galaxy")


def test_spot_is_cheaper_than_on_demand_and_differs_by_zone(aws):
    ec2, pricing = aws.client("ec2"), aws.client("pricing")
    rows = pages(
        ec2,
        "describe_spot_price_history",
        "SpotPriceHistory",
        InstanceTypes=["g5.xlarge"],
        ProductDescriptions=["Linux/UNIX"],
    )
    spot = {row["AvailabilityZone"]: float(row["SpotPrice"]) for row in rows}
    wanted = [{"Type": "TERM_MATCH", "Field": "instanceType", "Value": "g5.xlarge"}]
    [listed] = pricing.get_products(ServiceCode="AmazonEC2", Filters=wanted)["PriceList"]
    [term] = json.loads(listed)["terms"]["OnDemand"].values()
    [dimension] = term["priceDimensions"].values()
    assert float(dimension["pricePerUnit"]["USD"]) == 1.006
    assert len(set(spot.values())) == len(spot) == 3
    assert max(spot.values()) < 1.006
    with pytest.raises(ClientError, match="not Windows"):
        ec2.describe_spot_price_history(ProductDescriptions=["Windows"])


def test_karpenters_price_questions_are_answered(aws):
    pricing = aws.client("pricing")
    common = {
        "regionCode": "us-west-2", "serviceCode": "AmazonEC2", "preInstalledSw": "NA", "operatingSystem": "Linux",
        "capacitystatus": "Used", "marketoption": "OnDemand",
    }  # fmt: skip
    kinds = (("Shared", "Compute Instance"), ("Dedicated", "Compute Instance (bare metal)"))
    for tenancy, family in kinds:
        asked = {**common, "tenancy": tenancy, "productFamily": family}
        filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in asked.items()]
        found = pages(pricing, "get_products", "PriceList", ServiceCode="AmazonEC2", Filters=filters)
        metal = {".metal" in json.loads(item)["product"]["attributes"]["instanceType"] for item in found}
        assert metal == {tenancy == "Dedicated"}
    with pytest.raises(ClientError, match="prices of AmazonEC2, not of AmazonS3"):
        pricing.get_products(ServiceCode="AmazonS3")
    with pytest.raises(ClientError, match="not TERM_MATCH on colour"):
        pricing.get_products(
            ServiceCode="AmazonEC2", Filters=[{"Type": "TERM_MATCH", "Field": "colour", "Value": "red"}]
        )


EKS = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023"
ROCKET = "/aws/service/bottlerocket/aws-k8s"
NODE = "amazon-eks-node-al2023"


@pytest.mark.parametrize(
    ("directory", "architecture", "name"),
    [
        (f"{EKS}/x86_64/standard/recommended", "x86_64", f"{NODE}-x86_64-standard-1.35-v20261101"),
        (f"{EKS}/x86_64/nvidia/recommended", "x86_64", f"{NODE}-x86_64-nvidia-1.35-v20261101"),
        (f"{EKS}/x86_64/neuron/recommended", "x86_64", f"{NODE}-x86_64-neuron-1.35-v20261101"),
        (f"{EKS}/arm64/nvidia/recommended", "arm64", f"{NODE}-arm64-nvidia-1.35-v20261101"),
        (f"{EKS}/x86_64/neuron/{NODE}-x86_64-neuron-1.35-v20260724", "x86_64", f"{NODE}-x86_64-neuron-1.35-v20260724"),
        (f"{ROCKET}-1.34-nvidia/arm64/latest", "arm64", "bottlerocket-aws-k8s-1.34-nvidia-arm64-v1.64.0-91e7ac05"),
        (f"{ROCKET}-1.33/x86_64/1.50.0", "x86_64", "bottlerocket-aws-k8s-1.33-x86_64-v1.50.0-5a3a0a4e"),
    ],
)
def test_public_parameters_lead_to_images(aws, directory, architecture, name):
    image_id = aws.client("ssm").get_parameter(Name=f"{directory}/image_id")["Parameter"]["Value"]
    [image] = aws.client("ec2").describe_images(ImageIds=[image_id])["Images"]
    assert (image["Name"], image["Architecture"], image["ImageOwnerAlias"]) == (name, architecture, "amazon")


def test_images_are_found_by_name_newest_last_by_date(aws):
    wanted = [
        {"Name": "name", "Values": ["amazon-eks-node-al2023-x86_64-nvidia-1.35-*"]},
        {"Name": "state", "Values": ["available"]},
    ]
    images = aws.client("ec2").describe_images(Owners=["amazon"], Filters=wanted, IncludeDeprecated=True)["Images"]
    dates = {image["Name"][-8:]: image["CreationDate"][:10].replace("-", "") for image in images}
    assert dates == {date: date for date in dates}
    assert len(dates) == 9


def test_public_parameters_cannot_be_written_and_others_do_not_exist(aws):
    ssm = aws.client("ssm")
    with pytest.raises(ClientError, match="AccessDenied"):
        ssm.put_parameter(Name=f"{EKS}/x86_64/standard/mine", Value="x", Type="String")
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/aws/service/eks/optimized-ami/1.19/amazon-linux-2/recommended/image_id")
