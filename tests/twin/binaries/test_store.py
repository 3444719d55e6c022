"""The cache holds complete programs only, however many start at once and however they die."""

import threading

import pytest
from eks_twin import binaries
from eks_twin.binaries import MissingProgramError, recipes, sources, store
from eks_twin.binaries.recipes import PROGRAMS, RECIPES

ETCD = PROGRAMS["etcd"]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EKS_TWIN_CACHE", str(tmp_path))
    return tmp_path


def silent(*_):
    pass


def test_two_at_once_make_it_once():
    made, waited, entries = [], threading.Event(), []

    def make(into):
        made.append(into)
        assert waited.wait(10)
        (into / "etcd").write_text("program")

    def start():
        entries.append(store.ensure(ETCD, make, waited.set))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert entries == [store.entry(ETCD)] * 2


def test_a_build_that_fails_leaves_nothing_that_could_be_used(cache):
    def fail(into):
        (into / "etcd").write_text("half")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        store.ensure(ETCD, fail, silent)
    assert not store.entry(ETCD).exists()
    assert list(cache.glob("programs/.etcd*/*")) == []


def test_what_a_killed_build_left_is_removed_by_the_next(cache):
    target = store.entry(ETCD)
    stale = target.parent / f".{target.name}.dead"
    stale.mkdir(parents=True)
    store.ensure(ETCD, lambda into: (into / "etcd").write_text("x"), silent)
    assert not stale.exists()


def test_the_entry_changes_with_everything_that_changes_the_build(monkeypatch):
    before = store.entry(ETCD)
    monkeypatch.setattr(store, "module_files", lambda _: {"go.mod": b"other"})
    assert store.entry(ETCD) != before


def test_without_go_and_network_the_message_says_what_and_how(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setattr(
        sources, "_fetch", lambda url: (_ for _ in ()).throw(sources.UnavailableError(f"{url}: ConnectionError"))
    )
    with pytest.raises(
        MissingProgramError,
        match=r"(?s)etcd 3\.6\.5 \(etcd\) is missing.*ConnectionError.*Go is not installed.*To get it:",
    ):
        binaries.tool("etcd")


def test_a_download_with_a_wrong_sum_is_never_used(monkeypatch):
    monkeypatch.setattr(sources, "_fetch", lambda url: b"0" * 64 if url.endswith("sha256") else b"tampered")
    with pytest.raises(RuntimeError, match=r"SHA-256 .* is not the one published in .*\.sha256"):
        binaries.tool("kube-apiserver")


def test_a_named_program_is_used_as_it_is_and_must_run(tmp_path, monkeypatch):
    program = tmp_path / "my-karpenter"
    monkeypatch.setenv("EKS_TWIN_KARPENTER", str(program))
    with pytest.raises(MissingProgramError, match=r"EKS_TWIN_KARPENTER=.*my-karpenter is not an executable file"):
        binaries.tool("karpenter")
    program.touch(mode=0o755)
    assert binaries.tool("karpenter") == program


@pytest.mark.parametrize(
    ("program", "prints", "used"),
    [
        ("kube-apiserver", "Kubernetes v1.35.2", True),
        ("kube-apiserver", "Kubernetes v1.34.2", False),
        ("etcd", "etcd Version: 3.6.7", True),
        ("etcd", "etcd Version: 3.5.21", False),
        ("helm", "v3.20.2+g8fb76d6", True),
        ("helm", "v4.0.1+g12500dd", False),
        ("pulumi", "v3.272.0", True),
        ("pulumi", "v2.9.0", False),
        ("karpenter", "anything", False),
    ],
)
def test_a_program_on_path_is_used_only_in_a_fitting_version(program, prints, used, tmp_path, monkeypatch):
    path = tmp_path / program
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    assert (sources.on_path(program, PROGRAMS[program]) == path) is used


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.name)
def test_every_recipe_pins_its_own_version_by_hash(recipe):
    module = store.module_files(recipe)
    sums = module["go.sum"].decode()
    versions = [line.split()[1] for line in sums.splitlines() if "h1:" in line]
    assert any(version == f"v{recipe.version}" for version in versions)
    assert recipes.PROGRAMS.keys() >= recipe.packages.keys()
