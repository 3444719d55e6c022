"""InterruptionQueue: EC2's and Health's notices, where Karpenter reads them."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from .model import iam, interruption, names
from .model.karpenter_policy import queue_policy


class InterruptionQueueArgs(TypedDict):
    """Whose queue it is."""

    cluster_name: str
    """Cluster whose name the queue gets."""


class InterruptionQueue(pulumi.ComponentResource):
    """An SQS queue that receives every notice of an instance about to be reclaimed, stopped or repaired."""

    queue_name: pulumi.Output[str]
    """Its name, which is what Karpenter is configured with."""
    queue_arn: pulumi.Output[str]
    """Its ARN."""

    def __init__(self, name: str, args: InterruptionQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("accel:index:InterruptionQueue", name, None, opts)
        children = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            f"{name}-queue",
            name=names.interruption_queue(args["cluster_name"]),
            message_retention_seconds=interruption.QUEUE_RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=children,
        )
        aws.sqs.QueuePolicy(
            f"{name}-policy", queue_url=queue.url, policy=iam.document(queue_policy(queue.arn)), opts=children
        )
        for key, event in interruption.EVENTS.items():
            pattern = pulumi.Output.json_dumps({"source": [event.source], "detail-type": [event.detail_type]})
            rule = aws.cloudwatch.EventRule(f"{name}-{key}", event_pattern=pattern, opts=children)
            aws.cloudwatch.EventTarget(
                f"{name}-{key}",
                rule=rule.name,
                arn=queue.arn,
                target_id=interruption.TARGET_ID,
                opts=children,
            )
        self.queue_name, self.queue_arn = queue.name, queue.arn
        self.register_outputs({"queue_name": self.queue_name, "queue_arn": self.queue_arn})
