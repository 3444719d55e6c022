import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from eks_twin.aws.calls import Call, Principal
from eks_twin.aws.journal import request_tags
from eks_twin.aws.validation import validate

BUDGET = {"BudgetName": "b", "TimeUnit": "MONTHLY", "BudgetType": "COST"}


def last(aws):
    return aws.private("GET", "journal")["calls"][-1]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "message"),
    [
        ("lambda", "list_functions", {}, "does not know the service lambda; it answers .*ec2"),
        ("ec2", "create_ipam", {}, "does not model ec2:CreateIpam"),
        ("eks", "list_insights", {"clusterName": "c"}, "does not model eks:ListInsights"),
        (
            "iam",
            "simulate_principal_policy",
            {"PolicySourceArn": "arn:aws:iam::1:role/aaa", "ActionNames": ["a:b"]},
            "does not model iam:Simulate",
        ),
        (
            "budgets",
            "update_budget",
            {"AccountId": "123456789012", "NewBudget": BUDGET},
            "does not model budgets:UpdateBudget",
        ),
        (
            "efs",
            "put_backup_policy",
            {"FileSystemId": "fs-12345678", "BackupPolicy": {"Status": "ENABLED"}},
            "does not model efs:PutBackupPolicy",
        ),
        ("pricing", "describe_services", {}, "does not model pricing:DescribeServices"),
    ],
)
def test_what_is_not_modelled_is_a_client_error_that_names_it(aws, service, operation, arguments, message):
    with pytest.raises(ClientError, match=message) as caught:
        getattr(aws.client(service), operation)(**arguments)
    assert 400 <= caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500


def test_an_unknown_filter_is_a_client_error_that_names_it(aws, network):
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*filter 'colour' is invalid"):
        aws.client("ec2").describe_subnets(Filters=[{"Name": "colour", "Values": ["red"]}])


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("iam", "list_roles", "InvalidClientTokenId"),
        ("eks", "list_clusters", "UnrecognizedClientException"),
        ("sqs", "list_queues", "InvalidClientTokenId"),
    ],
)
def test_an_unknown_access_key_is_refused_as_each_service_does(aws, service, operation, code):
    stranger = aws.client(service, ("AKIAAAAAAAAAAAAAAAAA", "x", None))
    with pytest.raises(ClientError, match=rf"{code}.*AKIAAAAAAAAAAAAAAAAA does not exist"):
        getattr(stranger, operation)()


def test_a_request_without_signature_is_refused(aws):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{aws.url}/clusters")


def test_another_region_is_refused_except_for_global_services(aws):
    import boto3

    credentials = {"endpoint_url": aws.url, "aws_access_key_id": aws.key, "aws_secret_access_key": aws.secret}
    with pytest.raises(ClientError, match=r"OptInRequired.*region us-west-2 only"):
        boto3.client("ec2", region_name="eu-west-1", **credentials).describe_vpcs()
    assert (
        boto3.client("sts", region_name="eu-west-1", **credentials).get_caller_identity()["Account"] == "123456789012"
    )


def test_the_twins_user_is_a_real_one(aws):
    assert aws.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/twin"
    assert aws.client("iam").get_user(UserName="twin")["User"]["UserName"] == "twin"


def test_the_journal_tells_who_did_what_with_which_tags_and_how_it_ended(aws, name):
    ec2 = aws.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}]
    ec2.create_vpc(CidrBlock="10.7.0.0/16", TagSpecifications=tags)
    entry = last(aws)
    assert (entry["principal"], entry["service"], entry["action"]) == (
        "arn:aws:iam::123456789012:user/twin",
        "ec2",
        "CreateVpc",
    )
    assert (entry["parameters"]["CidrBlock"], entry["tags"]) == ("10.7.0.0/16", {"Name": name})
    assert (entry["status"], entry["error"]) == (200, "")
    with pytest.raises(ClientError):
        aws.client("eks").describe_cluster(name=name)
    assert (last(aws)["status"], last(aws)["error"]) == (404, "ResourceNotFoundException")
    with pytest.raises(ClientError):
        aws.client("lambda").list_functions()
    assert (last(aws)["service"], last(aws)["error"]) == ("lambda", "UnknownOperationException")


def test_the_journal_is_read_from_where_one_left_off(aws):
    before = last(aws)["n"]
    aws.client("ec2").describe_vpcs()
    assert [call["action"] for call in aws.private("GET", f"journal?after={before}")["calls"]] == ["DescribeVpcs"]


@pytest.mark.parametrize(
    ("parameters", "tags"),
    [
        (
            {"TagSpecifications": [{"Tags": [{"Key": "a", "Value": "1"}]}, {"Tags": [{"Key": "b", "Value": "2"}]}]},
            {"a": "1", "b": "2"},
        ),
        ({"Tags": [{"Key": "a", "Value": "1"}]}, {"a": "1"}),
        ({"Tags": [{"TagKey": "a", "TagValue": "1"}]}, {"a": "1"}),
        ({"tags": {"a": "1"}}, {"a": "1"}),
        ({}, {}),
    ],
)
def test_request_tags_are_found_in_every_spelling(parameters, tags):
    assert request_tags(parameters) == tags


@pytest.mark.parametrize(
    ("service", "action", "parameters", "message"),
    [
        ("eks", "CreateCluster", {"name": "a", "roleArn": "r"}, r"CreateCluster\.resourcesVpcConfig: is required"),
        ("eks", "CreateCluster", {"name": "-", "roleArn": "r", "resourcesVpcConfig": {}}, r"name: '-' does not match"),
        (
            "eks",
            "UpdateNodegroupConfig",
            {"clusterName": "a", "nodegroupName": "b", "scalingConfig": {"minSize": -1}},
            r"minSize: -1 is outside of 0",
        ),
        (
            "iam",
            "CreateRole",
            {"RoleName": "a", "AssumeRolePolicyDocument": "{}", "MaxSessionDuration": 99999},
            r"MaxSessionDuration: 99999 is outside of 3600\.\.43200",
        ),
        (
            "eks",
            "TagResource",
            {"resourceArn": "a", "tags": {f"k{i}": "v" * 300 for i in range(1)}},
            r"tags\.k0: length 300 is outside of",
        ),
    ],
)
def test_input_outside_of_the_model_is_refused_with_path_and_rule(service, action, parameters, message):
    from eks_twin.aws.calls import AwsError

    call = Call(service, action, parameters, "us-west-2", "123456789012", Principal("", ""))
    with pytest.raises(AwsError, match=message):
        validate(call)


def test_an_api_fault_strikes_as_often_as_it_says(aws):
    eks = aws.client("eks")
    aws.private(
        "POST", "faults", {"service": "eks", "action": "ListClusters", "code": "ThrottlingException", "times": 1}
    )
    with pytest.raises(ClientError, match=r"ThrottlingException.*injected into eks:ListClusters"):
        eks.list_clusters()
    eks.list_clusters()
    assert aws.private("GET", "faults") == {"faults": []}


def test_a_server_fault_has_its_status(aws):
    fault = {"service": "eks", "action": "ListClusters", "code": "ServerException", "status": 500}
    aws.private("POST", "faults", fault)
    with pytest.raises(ClientError) as caught:
        aws.client("eks").list_clusters()
    aws.private("DELETE", "faults")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


@pytest.mark.parametrize("fault", [{"action": "ListClusters"}, {"code": "X", "colour": "red"}])
def test_a_fault_without_code_or_with_an_unknown_field_is_refused(aws, fault):
    assert "a fault needs a code and knows" in aws.private("POST", "faults", fault)["message"]


def test_the_private_api_names_what_it_does_not_have(aws):
    answer = aws.private("GET", "nothing")
    assert (answer["httpStatus"], answer["message"]) == (404, "the private API has no GET /_twin/nothing")


def test_motos_own_api_is_closed(aws):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(f"{aws.url}/moto-api/reset", method="POST"))


def test_everything_that_is_made_is_in_the_inventory_and_gone_when_it_is_deleted(aws, name, roles):
    def inventory():
        return {(i["service"], i["type"], i["id"]) for i in aws.private("GET", "inventory")}

    before = inventory()
    ec2, iam, kms = aws.client("ec2"), aws.client("iam"), aws.client("kms")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    queue = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    aws.client("events").put_rule(Name=name, ScheduleExpression="rate(1 hour)")
    aws.client("logs").create_log_group(logGroupName=name)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    iam.create_instance_profile(InstanceProfileName=name)
    bucket = aws.client("s3")
    bucket.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    kinds = {(service, kind) for service, kind, _ in inventory() - before}
    assert kinds >= {
        ("ec2", "vpc"), ("ec2", "route-table"), ("ec2", "security-group"), ("ec2", "network-acl"), ("s3", "bucket"),
        ("sqs", "queue"), ("events", "rule"), ("logs", "log-group"), ("kms", "key"), ("kms", "alias"),
        ("iam", "instance-profile"),
    }  # fmt: skip
    ec2.delete_vpc(VpcId=vpc)
    aws.client("sqs").delete_queue(QueueUrl=queue)
    aws.client("events").delete_rule(Name=name)
    aws.client("logs").delete_log_group(logGroupName=name)
    kms.delete_alias(AliasName=f"alias/{name}")
    kms.schedule_key_deletion(KeyId=key)
    iam.delete_instance_profile(InstanceProfileName=name)
    bucket.delete_bucket(Bucket=name)
    assert inventory() - before == set()
