import json

import pytest
from botocore.exceptions import ClientError

PATTERN = json.dumps({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]})
WARNING = {
    "source": "aws.ec2",
    "detail-type": "EC2 Spot Instance Interruption Warning",
    "detail": {"instance-id": "i-0123456789abcdef0", "instance-action": "terminate"},
    "resources": ["arn:aws:ec2:us-west-2:123456789012:instance/i-0123456789abcdef0"],
}


def statement(effect="Allow", **more):
    principal = {"Service": ["events.amazonaws.com", "sqs.amazonaws.com"]}
    return {"Effect": effect, "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*", **more}


DENY_HTTP = statement("Deny", Principal="*", Action="sqs:*", Condition={"Bool": {"aws:SecureTransport": "false"}})


@pytest.fixture
def queue(aws, name):
    """Creates a queue with policy statements and a rule that leads to it."""

    def create(*statements, state="ENABLED", pattern=PATTERN, **attributes):
        sqs, events = aws.client("sqs"), aws.client("events")
        if statements:
            attributes["Policy"] = json.dumps({"Statement": list(statements)})
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        events.put_rule(Name=name, EventPattern=pattern, State=state)
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:us-west-2:123456789012:{name}"}])
        return url

    return create


def received(aws, url):
    return [
        json.loads(m["Body"])
        for m in aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]


def test_a_warning_reaches_the_queue_as_ec2_words_it(aws, queue):
    url = queue(statement(), DENY_HTTP)
    aws.private("POST", "events", WARNING)
    [event] = received(aws, url)
    assert {key: event[key] for key in WARNING} == WARNING
    assert (event["version"], event["region"], event["account"]) == ("0", "us-west-2", "123456789012")


@pytest.mark.parametrize(
    ("statements", "attributes"),
    [
        ([], {}),
        ([statement(Principal={"Service": "sns.amazonaws.com"})], {}),
        ([statement(Action="sqs:ReceiveMessage")], {}),
        ([statement(Resource="arn:aws:sqs:us-west-2:123456789012:other")], {}),
        (
            [statement(Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-west-2:123456789012:rule/other"}})],
            {},
        ),
        ([statement(), statement("Deny", Principal="*")], {}),
        ([statement()], {"KmsMasterKeyId": "alias/aws/sqs"}),
    ],
    ids=["no policy", "other service", "other action", "other queue", "other rule", "denied", "aws-managed key"],
)
def test_a_queue_that_does_not_let_eventbridge_in_stays_empty(aws, queue, statements, attributes):
    url = queue(*statements, **attributes)
    aws.private("POST", "events", WARNING)
    assert received(aws, url) == []


def test_a_condition_on_the_rule_lets_that_rule_in(aws, queue, name):
    rule = f"arn:aws:events:us-west-2:123456789012:rule/{name}"
    url = queue(statement(Condition={"ArnEquals": {"aws:SourceArn": rule}}))
    aws.private("POST", "events", WARNING)
    assert len(received(aws, url)) == 1


def test_a_disabled_rule_is_silent(aws, queue, name):
    url = queue(statement(), state="DISABLED")
    aws.private("POST", "events", WARNING)
    assert received(aws, url) == []
    aws.client("events").enable_rule(Name=name)
    aws.private("POST", "events", WARNING)
    assert len(received(aws, url)) == 1


def test_ec2_tells_about_instances_by_itself(aws, queue, image, network):
    pattern = json.dumps({"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]})
    url, ec2 = queue(statement(), pattern=pattern), aws.client("ec2")
    asked = {
        "ImageId": image,
        "InstanceType": "m5.large",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": network.subnet_ids[0],
    }
    instance_id = ec2.run_instances(**asked)["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance_id])
    states = [event["detail"]["state"] for event in received(aws, url) if event["detail"]["instance-id"] == instance_id]
    assert states == ["running", "shutting-down", "terminated"]


def test_customers_cannot_speak_for_aws(aws):
    entry = {"Source": "aws.ec2", "DetailType": "x", "Detail": "{}"}
    with pytest.raises(ClientError, match=r"NotAuthorizedForSource.*POST /_twin/events"):
        aws.client("events").put_events(Entries=[entry])
    assert aws.client("events").put_events(Entries=[{**entry, "Source": "mine"}])["FailedEntryCount"] == 0
    assert "an event needs detail, detail-type" in aws.private("POST", "events", {"source": "aws.ec2"})["message"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Arn": "arn:aws:sqs:us-west-2:123456789012:none"}, "queue .*none does not exist"),
        ({"Arn": "nope"}, "it is no ARN"),
        ({"Arn": "arn:aws:lambda:us-west-2:123456789012:function:f"}, "delivers to sqs, logs, not to"),
        ({"InputPath": "$.detail"}, "does not model InputPath"),
    ],
)
def test_a_target_that_gets_nothing_is_refused(aws, queue, name, target, message):
    queue(statement())
    base = {"Id": "other", "Arn": f"arn:aws:sqs:us-west-2:123456789012:{name}"}
    with pytest.raises(ClientError, match=message):
        aws.client("events").put_targets(Rule=name, Targets=[{**base, **target}])


def test_a_rule_has_five_targets_and_a_plain_name(aws, queue, name):
    queue(statement())
    more = [{"Id": f"t{i}", "Arn": f"arn:aws:sqs:us-west-2:123456789012:{name}"} for i in range(5)]
    with pytest.raises(ClientError, match="at most 5 targets, not 6"):
        aws.client("events").put_targets(Rule=name, Targets=more)
    with pytest.raises(ClientError, match="'a b' does not match"):
        aws.client("events").put_rule(Name="a b", EventPattern=PATTERN)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"MessageRetentionPeriod": "59"}, "an integer from 60 to 1209600"),
        ({"VisibilityTimeout": "soon"}, "an integer from 0 to 43200"),
        ({"Nope": "1"}, "Unknown Attribute Nope"),
        ({"Policy": "{"}, "parameter Policy"),
    ],
)
def test_a_queue_attribute_out_of_range_is_refused(aws, name, attributes, message):
    with pytest.raises(ClientError, match=message):
        aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)


def test_log_groups_take_awss_retentions_and_existing_keys(aws, name):
    logs, kms = aws.client("logs"), aws.client("kms")
    logs.create_log_group(logGroupName=name)
    with pytest.raises(ClientError, match="retentionInDays 31 must be one of"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=31)
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    with pytest.raises(ClientError, match="KMS key does not exist"):
        logs.associate_kms_key(logGroupName=name, kmsKeyId="arn:aws:kms:us-west-2:123456789012:key/none")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    logs.associate_kms_key(logGroupName=name, kmsKeyId=key)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["kmsKeyId"] == key
    logs.disassociate_kms_key(logGroupName=name)
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]


def test_a_queue_is_read_as_karpenter_reads_it(aws, queue):
    url = queue(statement())
    aws.private("POST", "events", WARNING)
    asked = {"AttributeNames": ["SentTimestamp"], "MessageAttributeNames": ["All"], "VisibilityTimeout": 20}
    [message] = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, **asked)["Messages"]
    assert message["Attributes"]["SentTimestamp"].isdecimal()


def test_a_queue_keeps_its_policy_when_another_attribute_changes(aws, name):
    sqs = aws.client("sqs")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement()]})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "600"})
    kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (kept["Policy"], kept["MessageRetentionPeriod"]) == (policy, "600")
    with pytest.raises(ClientError, match="MessageRetentionPeriod: 59"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "59"})
