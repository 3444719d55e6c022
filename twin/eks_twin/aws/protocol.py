"""AWS wire protocols, both ways, through the parsers and serializers that moto builds from botocore's models.

The only file that knows `moto.core`'s wire internals (moto is pinned exactly for this).
"""

import io
import json
import warnings
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model
from moto.ec2.responses._base_response import EC2BaseResponse
from werkzeug.exceptions import NotFound

from eks_twin.aws.calls import AwsError, MotoResult, Response

# moto warns about error codes that are in no model; ours are AWS's own or say what the twin does not model.
warnings.filterwarnings("ignore", message=r"Exception\(AwsError\)", category=UserWarning)

SERVICES: Mapping[str, str] = {
    "autoscaling": "autoscaling",
    "budgets": "budgets",
    "ec2": "ec2",
    "ecr": "ecr",
    "eks": "eks",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "events": "events",
    "fsx": "fsx",
    "iam": "iam",
    "kms": "kms",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "pricing": "pricing",
    "s3": "s3",
    "servicequotas": "service-quotas",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "sts": "sts",
    "tagging": "resourcegroupstaggingapi",
}
"""Signing name → botocore's name of every service that the twin answers."""


class Incoming:
    """An HTTP request of an AWS client whose operation is known; its body can be read again by moto."""

    def __init__(self, environ: dict[str, Any], signing_name: str) -> None:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self._body = environ["wsgi.input"].read(length)
        self.rewind(environ)
        self.request = Request(environ)
        self.request.get_data(cache=True, parse_form_data=False)
        environ["wsgi.input"] = io.BytesIO(self._body)
        self.signing_name = signing_name
        self.service = SERVICES.get(signing_name, signing_name)
        self.operation, self._uri = self._match()
        self.rewind(environ)

    def rewind(self, environ: dict[str, Any]) -> None:
        """Make the body readable from its start for whoever answers."""
        environ["wsgi.input"] = io.BytesIO(self._body)

    def _match(self) -> tuple[OperationModel, dict[str, Any]]:
        if self.signing_name not in SERVICES:
            raise self._unknown(f"the service {self.signing_name}", f"it answers {', '.join(sorted(SERVICES))}")
        try:
            model, uri = get_service_router(self.service).match(self.request)
        except (NotFound, NotImplementedError, OperationNotFoundError, UnknownServiceError):
            action = self.claimed_action()
            raise self._unknown(f"{self.service}:{action}", "see the AWS API reference for its name") from None
        return model, uri

    @staticmethod
    def _unknown(what: str, instead: str) -> AwsError:
        return AwsError("UnknownOperationException", f"the twin does not know {what}; {instead}", HTTPStatus.NOT_FOUND)

    def claimed_action(self) -> str:
        """Return the action as the request names it, for messages and the journal when no model knows it."""
        target = self.request.headers.get("X-Amz-Target", "")
        action = self.request.values.get("Action") or target.rpartition(".")[2]
        return action or f"{self.request.method} {self.request.path}"

    def parameters(self) -> dict[str, Any]:
        """Parse the input by botocore's model."""
        protocol = determine_request_protocol(self.operation.service_model, self.request.content_type)
        parser = PROTOCOL_PARSERS[protocol](self.operation, map_type=dict)
        return parser.parse(
            {
                "method": self.request.method,
                "values": self.request.values,
                "headers": self.request.headers,
                "body": self._body,
                "url_path": self.request.path,
                "url_params": self._uri,
            }
        )

    def render(self, result: Mapping[str, Any] | MotoResult | Response | AwsError) -> Response:
        """Serialize an answer or an error."""
        if isinstance(result, Response):
            return result
        protocol = determine_request_protocol(self.operation.service_model, self.request.content_type)
        picker, value = None, result
        if isinstance(result, MotoResult):
            value = result.value
            picker = XFormedAttributePicker(response_transformers=EC2BaseResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER)
        serializer = get_serializer_class(self.service, protocol)(self.operation, value_picker=picker)
        rendered = serializer.serialize(value)
        body, status = rendered["body"], rendered["status_code"]
        if isinstance(result, AwsError) and result.status != HTTPStatus.BAD_REQUEST:
            status = result.status
        return Response(status, dict(rendered["headers"]), body if isinstance(body, bytes) else body.encode())


def refuse(environ: Mapping[str, Any], error: AwsError) -> Response:
    """Serialize an error of a request whose operation is not known, in the protocol that its headers speak."""
    content_type = environ.get("CONTENT_TYPE") or ""
    if content_type.startswith("application/x-www-form-urlencoded"):
        code, message = escape(error.code), escape(error.message)
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></ErrorResponse>"
        )
        return Response(error.status, {"Content-Type": "text/xml"}, body.encode())
    body = json.dumps({"__type": error.code, "message": error.message})
    headers = {"Content-Type": "application/json", "X-Amzn-ErrorType": error.code}
    return Response(error.status, headers, body.encode())


def input_shape(service: str, action: str) -> Any:
    """Return botocore's shape of an operation's input, or None when it takes none."""
    return get_service_model(service).operation_model(action).input_shape
