"""As test_capacity.py, for the accelerated types that no zone of its region offers."""

import pytest

from tests.twin.cluster import conftest as cluster
from tests.twin.oracle.machines import RESERVED, Case, accelerated, claim_name, computed, launch, reported, reserve

pytestmark = pytest.mark.twin
REGION = "ap-south-2"


@pytest.fixture(scope="module")
def region():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "REGION", REGION)
        yield REGION


def test_capacity_and_allocatable_of_trainium2_are_those_that_the_controller_reports(oracle):
    case = Case(RESERVED, tuple(name for name in accelerated(REGION, priced=False) if name.startswith("trn2.")))
    assert case.types == ("trn2.3xlarge", "trn2.48xlarge")
    reserve(oracle, REGION, case.types)
    launched = launch(oracle, {"trn2": case})
    for name in case.types:
        assert (name, *computed(case, name)) == (name, *reported(launched[claim_name("trn2", name)]))
