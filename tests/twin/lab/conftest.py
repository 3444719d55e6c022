"""One twin per module, used only as a person uses it: through the `twin` command."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TWIN = Path(sys.executable).with_name("twin")


@dataclass(frozen=True)
class Twin:
    home: Path

    def run(self, *arguments, check=True, cwd=ROOT):
        answer = subprocess.run(
            [TWIN, *arguments],
            cwd=cwd,
            env=os.environ | {"EKS_TWIN_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and answer.returncode:
            pytest.fail(f"twin {' '.join(arguments)} ended with {answer.returncode}\n{answer.stdout}\n{answer.stderr}")
        return answer

    def start(self, *arguments):
        environment = os.environ | {"EKS_TWIN_HOME": str(self.home)}
        return subprocess.Popen([TWIN, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    def ledger(self):
        return [json.loads(line) for line in (self.home / "processes.jsonl").read_text().splitlines()]

    def kubectl(self, *arguments):
        return json.loads(self.run("kubectl", *arguments, "-o", "json").stdout)

    def aws(self, *arguments):
        return json.loads(self.run("aws", *arguments, "--output", "json").stdout or "null")

    def wait(self, what, condition, seconds=120):
        """Poll `condition` until it gives something true; its last value is the failure's text."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"{what}: not within {seconds} s; last: {value!r}")
            time.sleep(0.5)
        return value


@dataclass(frozen=True)
class Lab:
    twin: Twin
    name: str
    config: Path

    def pulumi(self, command, *arguments, check=True):
        common = ["--stack", self.name, "--config-file", str(self.config)]
        return self.twin.run("exec", "--", "pulumi", command, *common, *arguments, check=check)

    @property
    def workload(self):
        return ROOT / "stacks" / "workloads" / f"{self.name}.yaml"


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    running = Twin(tmp_path_factory.mktemp("twin"))
    running.run("up")
    yield running
    running.run("down")


@pytest.fixture
def idle(tmp_path):
    """A home in which no twin is up yet."""
    twin = Twin(tmp_path)
    yield twin
    twin.run("down")


@pytest.fixture(scope="module")
def make_lab(twin, tmp_path_factory):
    def make(name, text=None):
        """The stack `name` of this project, or one with a configuration of `text`."""
        project = tmp_path_factory.mktemp(name)
        (project / "stacks").mkdir()
        shutil.copy(ROOT / "Pulumi.yaml", project)
        config = project / "stacks" / f"Pulumi.{name}.yaml"
        config.write_text((ROOT / "stacks" / config.name).read_text() if text is None else text)
        twin.run("exec", "--", "pulumi", "-C", str(project), "stack", "init", name)
        return Lab(twin, name, config)

    return make
