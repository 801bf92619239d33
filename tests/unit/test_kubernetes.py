"""deploy/kubernetes: rendered by kustomize, valid by the published schemas, hardened, and what the services expect."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from credentials.broker import PERMISSIONS
from dev import clients
from shared.messaging.topology import NOTIFY_SMTP, NOTIFY_SUBMISSIONS, STORAGE
from support.manifests import (
    BROKER,
    FOLDER,
    Manifest,
    environment,
    make_example,
    of_kind,
    pods,
    rendered,
)
from support.service import ROOT, clean_environment

OWN = {"keda.sh/v1alpha1", "monitoring.coreos.com/v1", "rabbitmq.com/v1beta1"}
"""Of operators: Kubernetes' own schemas do not have them."""

VERSIONS = ["1.30", "1.37"]
"""The oldest that knows `preStop.sleep` without being told to, and the newest."""

MODULES = {
    "gateway": "gateway",
    "storage-service": "storage_service",
    "notify-service": "notify_service",
    "console": "storage_service.console",
}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_example(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def manifests(example: Path) -> list[Manifest]:
    return rendered(example)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_own_schemas_take_it(manifests: list[Manifest], version: str) -> None:
    native = [manifest for manifest in [*rendered(FOLDER / "base"), *manifests] if manifest["apiVersion"] not in OWN]
    assert len(native) > 20
    for manifest in native:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_the_schemas_find_what_is_wrong(manifests: list[Manifest]) -> None:
    deployment = of_kind(manifests, "Deployment")["gateway"]
    broken = deployment | {"spec": deployment["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def found_by_operators_schemas(manifests: list[Manifest]) -> str:
    command = [clients.node(), str(clients.FOLDER / "operators.mjs")]
    return subprocess.run(command, input=json.dumps(manifests), capture_output=True, text=True, check=True).stdout


def test_the_operators_schemas_take_it(manifests: list[Manifest]) -> None:
    theirs = [one for one in manifests if one["apiVersion"] in OWN - {"rabbitmq.com/v1beta1"}]
    assert {one["kind"] for one in theirs} == {"ScaledObject", "TriggerAuthentication", "PodMonitor"}
    assert found_by_operators_schemas(theirs) == ""
    scaled = of_kind(theirs, "ScaledObject")["gateway"]
    broken = scaled | {"spec": {"scaleTargetRef": {"name": "gateway"}, "maxReplicas": 3}}
    assert "triggers" in found_by_operators_schemas([broken])
    assert "unknown field maxReplicas" in found_by_operators_schemas([broken])


def test_the_broker_is_what_the_cluster_operator_takes(manifests: list[Manifest]) -> None:
    """Its schema is in no package that can be had: the fields are held by hand, and the pod by Kubernetes' schema."""
    [cluster] = of_kind(manifests, "RabbitmqCluster").values()
    spec = cluster["spec"]
    assert cluster["metadata"]["name"] == BROKER
    assert set(spec) <= {
        *("replicas", "image", "persistence", "resources", "terminationGracePeriodSeconds", "rabbitmq", "override"),
        *("service", "affinity", "tolerations", "tls", "imagePullSecrets", "delayStartSeconds"),
    }
    assert (spec["replicas"], set(spec["persistence"]) <= {"storage", "storageClassName"}) == (3, True)
    assert set(spec["rabbitmq"]) <= {"additionalConfig", "additionalPlugins", "advancedConfig", "envConfig"}
    template = {"metadata": {}, **spec["override"]["statefulSet"]["spec"]["template"]}
    stateful_set = {"selector": {}, "serviceName": "any", "template": template}
    manifest = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "any"}, "spec": stateful_set}
    kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_every_container_is_hardened_and_bounded(manifests: list[Manifest]) -> None:
    found = list(pods(manifests))
    assert {name for name, _ in found} == set(MODULES)
    for _, pod in found:
        security = pod["securityContext"]
        assert (security["runAsNonRoot"], security["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod["initContainers"], *pod["containers"]]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}


def test_every_service_is_probed_where_it_answers(manifests: list[Manifest]) -> None:
    for _, pod in pods(manifests):
        [container] = pod["containers"]
        probes = [container[probe]["httpGet"] for probe in ("livenessProbe", "readinessProbe")]
        assert probes == [{"path": "/livez", "port": "metrics"}, {"path": "/readyz", "port": "metrics"}]
        assert {"name": "metrics", "containerPort": 9464} in container["ports"]


def test_a_stop_is_waited_for(manifests: list[Manifest]) -> None:
    found = dict(pods(manifests))
    assert found["notify-service"]["terminationGracePeriodSeconds"] >= 90, "a mail takes a minute at most"
    for name in ("gateway", "console"):
        [container] = found[name]["containers"]
        pause_s = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert found[name]["terminationGracePeriodSeconds"] - pause_s >= 30


def test_the_gateways_alone_reach_the_console(manifests: list[Manifest]) -> None:
    policy = of_kind(manifests, "NetworkPolicy")["counterfoil-console"]["spec"]
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "console"}}
    gateways = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "gateway"}}}
    assert policy["ingress"] == [{"from": [gateways], "ports": [{"port": "http"}]}]
    [gateway] = dict(pods(manifests))["gateway"]["containers"]
    service = of_kind(manifests, "Service")["console"]["spec"]
    assert environment(gateway, manifests)["COUNTERFOIL_CONSOLE_URL"] == "http://console"
    assert service == {
        "selector": {"app.kubernetes.io/name": "console"},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
    }


def test_the_console_tests_forms_at_the_gateways_service(manifests: list[Manifest]) -> None:
    [console] = dict(pods(manifests))["console"]["containers"]
    assert environment(console, manifests)["COUNTERFOIL_GATEWAY_URL"] == "http://gateway"
    assert of_kind(manifests, "Service")["gateway"]["spec"]["ports"] == [
        {"name": "http", "port": 80, "targetPort": "http"}
    ]


def mounted(container: Manifest, pod: Manifest, manifests: list[Manifest], directory: Path) -> dict[str, str]:
    """Return where a container finds what, and where the same lies here: a Secret's files below `directory`."""
    places: dict[str, str] = {}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        if "secret" in volume:
            secret = of_kind(manifests, "Secret").get(volume["secret"]["secretName"], {"data": {}})
            place = directory / volume["secret"]["secretName"]
            place.mkdir()
            for file, content in secret["data"].items():
                (place / file).write_bytes(base64.b64decode(content))
            places[mount["mountPath"]] = str(place)
        elif "configMap" in volume:
            places[mount["mountPath"]] = str(FOLDER / "base")
    return places


@pytest.mark.parametrize("name", MODULES)
def test_a_service_takes_its_settings(name: str, manifests: list[Manifest], tmp_path: Path) -> None:
    pod = dict(pods(manifests))[name]
    [container] = pod["containers"]
    variables = dict(environment(container, manifests))
    for inside, outside in mounted(container, pod, manifests, tmp_path).items():
        variables = {key: value.replace(inside, outside, 1) for key, value in variables.items()}
    code = f"from {MODULES[name]} import settings; print(settings.load())"
    shown = subprocess.run(
        [sys.executable, "-c", code], env=clean_environment() | variables, capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    assert "example.org" in shown.stdout or name in {"storage-service", "console"}, "what the example sets has arrived"
    if name == "notify-service":
        assert "console_url='https://forms.example.org'" in shown.stdout, "mails to owners link to the console"


def test_every_file_of_a_secret_that_is_named_is_there(manifests: list[Manifest]) -> None:
    secrets = of_kind(manifests, "Secret")
    for _, pod in pods(manifests):
        volumes = {volume["name"]: volume.get("secret", {}).get("secretName") for volume in pod["volumes"]}
        for container in [*pod["initContainers"], *pod["containers"]]:
            mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
            secret = mounts["/secrets"]
            files = [value for key, value in environment(container, manifests).items() if key.endswith("_FILE")]
            assert files
            assert {Path(file).name for file in files} <= set(secrets[secret]["data"])
    assert set(PERMISSIONS) <= {name.removeprefix("counterfoil-") for name in secrets}


def test_scaling_looks_at_the_queues_that_are_consumed(manifests: list[Manifest]) -> None:
    scaled = of_kind(manifests, "ScaledObject")
    queues = {
        name: [trigger["metadata"].get("queueName") for trigger in one["spec"]["triggers"]]
        for name, one in scaled.items()
    }
    assert queues == {
        "storage-service": [STORAGE.name],
        "notify-service": [NOTIFY_SUBMISSIONS.name, NOTIFY_SMTP.name],
        "gateway": [None],
        "console": [None],
    }
    deployments = of_kind(manifests, "Deployment")
    assert all(one["spec"]["scaleTargetRef"]["name"] in deployments for one in scaled.values())
    assert not any("replicas" in one["spec"] for one in deployments.values()), "two would set it in turn"


def test_every_pod_has_a_disruption_budget(manifests: list[Manifest]) -> None:
    budgets = of_kind(manifests, "PodDisruptionBudget")
    for name, deployment in of_kind(manifests, "Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert budgets[name]["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("name", ["gateway", "notify-service"])
def test_the_secrets_of_forms_lie_in_a_folder_of_their_own(manifests: list[Manifest], name: str) -> None:
    pod = dict(pods(manifests))[name]
    [container] = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    secret = mounts[dict(environment(container, manifests))["COUNTERFOIL_FORM_SECRETS"]]["secret"]
    assert (secret["secretName"], secret["optional"]) == (f"counterfoil-{name.partition('-')[0]}-forms", True)


@pytest.mark.parametrize(
    ("name", "secret", "keys"),
    [
        (
            "gateway",
            "counterfoil-gateway",
            {"BOUNCES_POSTMARK": "bounces_postmark", "BOUNCES_MAILGUN": "bounces_mailgun"},
        ),
        ("notify-service", "counterfoil-notify", {"BOUNCE_MAILBOX": "bounce_mailbox"}),
    ],
)
def test_what_tells_of_bounces_is_found_in_the_services_own_secret(
    name: str, secret: str, keys: dict[str, str], manifests: list[Manifest]
) -> None:
    [container] = dict(pods(manifests))[name]["containers"]
    found = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in container["env"] if "valueFrom" in one}
    for setting, key in keys.items():
        assert found[f"COUNTERFOIL_{setting}"] == {"name": secret, "key": key, "optional": True}


@pytest.mark.parametrize("place", [FOLDER / "base", ROOT / "deploy" / "forms"])
def test_the_forms_are_those_of_a_new_installation(place: Path) -> None:
    assert (place / "forms.toml").read_text() == (ROOT / "forms.example.toml").read_text()


def test_the_component_of_erasures_gives_every_console_the_file(example: Path) -> None:
    folder = example.parent / "with-erasures"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("resources: [../base]\ncomponents: [../components/erasures]\n")
    made = rendered(folder)
    for manifest in made:
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)
    pod = dict(pods(made))["console"]
    [console] = pod["containers"]
    assert {"name": "COUNTERFOIL_ERASURES", "value": "/erasures/erasures"} in console["env"]
    assert {"name": "erasures", "mountPath": "/erasures"} in console["volumeMounts"]
    [claim] = of_kind(made, "PersistentVolumeClaim")
    assert {"name": "erasures", "persistentVolumeClaim": {"claimName": claim}} in pod["volumes"]


def with_component(example: Path, name: str) -> list[Manifest]:
    folder = example.parent / f"with-{name}"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(f"resources: [../base]\ncomponents: [../components/{name}]\n")
    made = rendered(folder)
    for manifest in made:
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)
    return made


def test_the_component_of_a_bucket_gives_every_service_the_key_to_it(example: Path) -> None:
    for name, pod in pods(with_component(example, "files-in-bucket")):
        [container] = pod["containers"]
        keys = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in container["env"] if "valueFrom" in one}
        assert keys["COUNTERFOIL_FILES_KEY_ID"] == {"name": "counterfoil-files", "key": "key_id"}, name
        assert keys["COUNTERFOIL_FILES_SECRET"] == {"name": "counterfoil-files", "key": "secret"}, name
        assert not [one for each in pod["initContainers"] for one in each["env"] if "FILES" in one["name"]]


def test_the_component_of_a_volume_gives_every_service_one_that_all_nodes_write(example: Path) -> None:
    made = with_component(example, "files-in-volume")
    [claim] = of_kind(made, "PersistentVolumeClaim").values()
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for _, pod in pods(made):
        [container] = pod["containers"]
        assert {"name": "COUNTERFOIL_FILES_URL", "value": "file:///files"} in container["env"]
        assert {"name": "files", "mountPath": "/files"} in container["volumeMounts"]
        assert {"name": "files", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}} in pod["volumes"]
        assert pod["securityContext"]["fsGroup"] == 10001, "who may write there"
