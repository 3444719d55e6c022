"""The aws process: `python -m eks_twin.aws.server --port P --region R --state-dir DIR`.

Prints one line of JSON when it answers (url, region, accountId, accessKeyId, secretAccessKey) and stops on SIGTERM.
"""

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from eks_twin.aws import events
from eks_twin.aws.ec2 import images, network, templates
from eks_twin.aws.faults import FAULTS
from eks_twin.aws.gateway import Gateway, Parts
from eks_twin.aws.iam import backend as iam_backend
from eks_twin.aws.journal import Journal
from eks_twin.aws.principals import ACCOUNT
from eks_twin.aws.private import PrivateApi
from eks_twin.aws.routes import routes

LOOPBACK = "127.0.0.1"
USER = "twin"
"""IAM user whose access key `twin exec` hands out."""


class RequestHandler(MotoRequestHandler):
    """Logs nothing: the journal does."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay silent."""


def application(region: str, state_dir: Path) -> Gateway:
    """Build the gateway over a freshly seeded moto."""
    state_dir.mkdir(parents=True, exist_ok=True)
    images.seed(region)
    events.make_deliveries_honest()
    templates.keep_own_tags_apart()
    network.count_prefixes()
    journal = Journal(state_dir / "journal.jsonl")
    private = PrivateApi(region, journal, FAULTS)
    moto = DomainDispatcherApplication(create_backend_app)
    return Gateway(Parts(region, routes(region), journal, FAULTS, private, moto))


def create_user(region: str) -> dict[str, str]:
    """Create the IAM user with an access key."""
    user = iam_backend().create_user(region_name=region, user_name=USER)
    key = iam_backend().create_access_key(USER)
    return {"userArn": user.arn, "accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key}


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="eks_twin.aws.server")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--region", default="us-west-2")
    parser.add_argument("--state-dir", type=Path, required=True, help="directory for the call journal")
    options = parser.parse_args(arguments)
    gateway = application(options.region, options.state_dir)
    server = make_server(LOOPBACK, options.port, gateway, threaded=True, request_handler=RequestHandler)
    ready = {"url": f"http://{LOOPBACK}:{server.server_port}", "region": options.region, "accountId": ACCOUNT}
    signal.signal(signal.SIGTERM, _stop)
    sys.stdout.write(json.dumps(ready | create_user(options.region)) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def _stop(*_: Any) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
