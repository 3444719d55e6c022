"""The provider's configuration, and boto3 clients made from it."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from threading import Lock
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from eks_twin.plugins.base import Failure, PluginError

ATTEMPTS: Final = 3
"""Calls per operation before an error is the answer; AWS's own throttling passes within a second attempt."""
SERVED: Final = frozenset(
    {
        "accessKey",
        "allowedAccountIds",
        "assumeRoles",
        "defaultTags",
        "endpoints",
        "forbiddenAccountIds",
        "ignoreTags",
        "maxRetries",
        "profile",
        "region",
        "secretKey",
        "token",
    }
)
"""Provider inputs that do here what they do in pulumi-aws."""
WITHOUT_EFFECT: Final = frozenset(
    {
        "pluginDownloadURL",
        "s3UsePathStyle",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        "version",
    }
)
"""Provider inputs about checks and addresses that do not exist here."""


@cache
def partitions() -> list[dict[str, Any]]:
    """AWS's partitions with their regions and DNS suffixes, the usual one first: botocore's table of endpoints."""
    return botocore.session.get_session().get_data("endpoints")["partitions"]


def structured(config: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with the JSON texts in which Pulumi hands a provider its objects and lists."""
    return {
        key: json.loads(value) if isinstance(value, str) and value.startswith(("{", "[")) else value
        for key, value in config.items()
        if value is not None
    }


def config_failures(config: Mapping[str, Any]) -> list[Failure]:
    """Why the provider's inputs cannot be honoured."""
    failures = [
        Failure(key, f"aws:{key} is not modelled by the twin's aws plugin; modelled: {', '.join(sorted(SERVED))}")
        for key in config
        if key not in SERVED | WITHOUT_EFFECT and not key.startswith("__")
    ]
    if not _region(config):
        failures.append(Failure("region", "no region: set aws:region, AWS_REGION or AWS_DEFAULT_REGION"))
    return failures


def _region(config: Mapping[str, Any]) -> str | None:
    return config.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


GONE: Final = (
    "NotFound",
    "NotFoundException",
    "NoSuchEntity",
    "NonExistentQueue",
    "QueueDoesNotExist",
    "PlacementGroup.Unknown",
)
"""Endings of the codes with which services say that an object does not exist."""


def error_code(error: BaseException | None) -> str:
    """AWS's code of a failed call, "" where the call did not reach AWS."""
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""


def is_gone(error: BaseException) -> bool:
    """Whether AWS says that the object of a call does not exist."""
    code = error_code(error)
    return code.endswith(GONE)


def listed(client: Any, operation: str, **parameters: Any) -> list[Any]:
    """The items of every page of a listing."""
    pages = client.get_paginator(operation)
    key = pages.result_keys[0].expression
    return [item for page in pages.paginate(**parameters) for item in page[key]]


def explained(error: Exception, service: str) -> str:
    """A failed call in the words of AWS's own Go SDK, which pulumi-aws shows."""
    if isinstance(error, ClientError):
        detail = error.response.get("Error", {})
        text = f"api error {detail.get('Code', 'Unknown')}: {detail.get('Message', 'no message')}"
        return f"operation error {service}: {error.operation_name}, {text}"
    return f"operation error {service}: {error}"


@dataclass(frozen=True)
class Session:
    """One configured provider; clients are made once per service and region."""

    config: Mapping[str, Any] = field(default_factory=dict)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _lock: Any = field(default_factory=Lock, repr=False)

    @property
    def region(self) -> str:
        """The provider's region."""
        region = _region(self.config)
        if not region:
            raise PluginError("the aws provider has no region")
        return region

    @property
    def default_tags(self) -> dict[str, str]:
        """Tags that every taggable resource gets."""
        return dict(self.config.get("defaultTags", {}).get("tags") or {})

    @cached_property
    def _boto(self) -> boto3.Session:
        """Under the configured credentials; with assumeRoles, under those of the last role of the chain."""
        session = boto3.Session(
            aws_access_key_id=self.config.get("accessKey"),
            aws_secret_access_key=self.config.get("secretKey"),
            aws_session_token=self.config.get("token"),
            profile_name=self.config.get("profile"),
            region_name=self.region,
        )
        for role in self.config.get("assumeRoles", ()):
            session = _assumed(session, role, self._settings())
        return session

    def _settings(self) -> Config:
        attempts = int(self.config.get("maxRetries", ATTEMPTS))
        return Config(retries={"total_max_attempts": max(1, attempts), "mode": "standard"}, max_pool_connections=32)

    def client(self, service: str, region: str | None = None) -> Any:
        """The boto3 client of `service`."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._boto.client(
                    service, region_name=key[1], endpoint_url=self._endpoint(service), config=self._settings()
                )
            return self._clients[key]

    def _endpoint(self, service: str) -> str | None:
        entries = self.config.get("endpoints", ())
        found = [
            entry[service] for entry in ([entries] if isinstance(entries, Mapping) else entries) if service in entry
        ]
        return found[0] if found else None

    @cached_property
    def identity(self) -> dict[str, str]:
        """Account, Arn and UserId of the caller; refused where the provider's account rules say so."""
        try:
            answer = self.client("sts").get_caller_identity()
        except (ClientError, BotoCoreError) as error:
            raise PluginError(f"validating AWS credentials: {explained(error, 'STS')}") from error
        account = answer["Account"]
        allowed = self.config.get("allowedAccountIds") or [account]
        if account not in allowed or account in self.config.get("forbiddenAccountIds", ()):
            raise PluginError(f"AWS account ID not allowed: {account}; allowed: {', '.join(allowed)}")
        return {key: answer[key] for key in ("Account", "Arn", "UserId")}

    def partition(self, region: str | None = None) -> dict[str, Any]:
        """The partition that a region is in, as botocore describes it."""
        name = region or self.region
        return next((part for part in partitions() if re.match(part["regionRegex"], name)), partitions()[0])

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """The ARN of a resource of this account; `region` "" for services without one."""
        place = self.region if region is None else region
        return f"arn:{self.partition()['partition']}:{service}:{place}:{self.identity['Account']}:{resource}"

    def ignored(self, key: str) -> bool:
        """Whether the provider leaves the tag `key` to others, as it does AWS's own `aws:` tags."""
        rules = self.config.get("ignoreTags", {})
        return key.startswith(("aws:", *rules.get("keyPrefixes", ()))) or key in rules.get("keys", ())


def _assumed(session: boto3.Session, role: Mapping[str, Any], settings: Config) -> boto3.Session:
    names = {"roleArn": "RoleArn", "sessionName": "RoleSessionName", "externalId": "ExternalId", "policy": "Policy"}
    if unknown := sorted(set(role) - set(names)):
        raise PluginError(f"aws:assumeRoles: {', '.join(unknown)} not modelled by the twin's aws plugin")
    request = {"RoleSessionName": "pulumi"} | {names[key]: value for key, value in role.items()}
    try:
        answer = session.client("sts", config=settings).assume_role(**request)["Credentials"]
    except (ClientError, BotoCoreError) as error:
        raise PluginError(f"cannot assume role {role.get('roleArn')}: {explained(error, 'STS')}") from error
    return boto3.Session(
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
        region_name=session.region_name,
    )
