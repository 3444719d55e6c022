"""What components accept: made from the values of `model` by `make args`, not written by hand.

Each type is the plain form of the value of the same name; `parse` turns one into the other and refuses what is wrong.
"""

from typing import Any, NotRequired, TypedDict


class NetworkSettingsArgs(TypedDict):
    """A VPC with public and private subnets in two or more zones."""

    zones: list[str]
    """Availability zones such as `us-west-2a`; two to six of one region, as EKS wants at least two."""
    cidr: NotRequired[str]
    """IPv4 range of the VPC, from /16 to /22; the default gives each zone 8,192 addresses for nodes and pods."""
    nat: NotRequired[str]
    """NAT gateways for the private subnets: `single` in the first zone, `per_zone`, or `none` at all."""


class RequirementArgs(TypedDict):
    """A condition on the labels of an instance type, and on how many of them there must be."""

    key: str
    """Label key; one that Karpenter does not know becomes a label of the nodes."""
    operator: str
    """How `values` are compared; `Gte` and `Lte` from Karpenter 1.9."""
    values: NotRequired[list[str]]
    """What is compared with; one whole number for comparisons, absent for `Exists` and `DoesNotExist`."""
    min_values: NotRequired[int]
    """How many different values the launched types must have between them; absent: one is enough."""


class TaintArgs(TypedDict):
    """A taint of every node of the pool: pods that do not tolerate it stay away."""

    key: str
    """Such as `aws.amazon.com/neuron`."""
    value: NotRequired[str]
    """Such as `true`; absent: no value (Karpenter refuses an empty one)."""
    effect: NotRequired[str]
    """What happens to pods that do not tolerate it."""
    time_added: NotRequired[str]
    """When it was added, as RFC 3339; Kubernetes writes it for `NoExecute`, and hardly anybody else does."""


class LimitsArgs(TypedDict):
    """What all nodes of the pool together may have. Karpenter launches nothing beyond it."""

    cpu: NotRequired[str]
    """vCPUs; absent: not limited."""
    memory: NotRequired[str]
    """Such as `500Gi`; absent: not limited."""
    nodes: NotRequired[int]
    """Nodes; absent: not limited. The only limit that a static pool may have."""
    accelerators: NotRequired[int]
    """Devices of the pool's accelerator; absent: not limited."""
    extended: NotRequired[dict[str, str]]
    """Other resources by their key, such as `aws.amazon.com/neuroncore: 24`."""


class BudgetArgs(TypedDict):
    """How many nodes Karpenter may disrupt at once."""

    nodes: NotRequired[str]
    """A share or a number; a share rounds up, so 10% of nine nodes is one."""
    reasons: NotRequired[list[str]]
    """Kinds of disruption it is about; absent: all."""
    schedule: NotRequired[str]
    """When it begins to hold, as a UTC cron expression; absent: always."""
    duration: NotRequired[str]
    """How long it holds from then, in hours and minutes; goes with `schedule`."""


class DisruptionArgs(TypedDict):
    """When Karpenter removes nodes of its own accord; what is absent comes with the pool's `use`."""

    policy: NotRequired[str]
    """Which nodes count as removable."""
    after: NotRequired[str]
    """How long a node must have been removable; `Never` switches consolidation off."""
    budgets: NotRequired[list[BudgetArgs]]
    """How many at once; all must allow a disruption."""


class SharingArgs(TypedDict):
    """How several pods share one GPU: one of the three. Pods still ask for `nvidia.com/gpu`, and get a share."""

    time_slicing: NotRequired[int]
    """Pods that take turns on each GPU, without any wall between their memory."""
    mps: NotRequired[int]
    """Pods that run at once on each GPU (Multi-Process Service), each with its part of memory and threads."""
    mig: NotRequired[str]
    """Profile of the instances that each GPU is parted into in hardware, such as `1g.10gb`; needs the GPU operator."""


class ReservationArgs(TypedDict):
    """Capacity that was reserved for this pool: an On-Demand Capacity Reservation or a Capacity Block."""

    id: str
    """Its id."""
    instance_type: str
    """What is reserved, such as `p5.48xlarge`."""
    zone: str
    """Availability zone that it is in, such as `us-west-2a`."""
    count: int
    """Instances reserved; the pool launches no more."""
    ends: NotRequired[str]
    """When it ends, in UTC, such as `2026-12-24T11:30:00Z`; absent: it is open-ended, as a Capacity Block never is.
    EC2 begins to take a block's instances away half an hour before."""


class AmiTermArgs(TypedDict):
    """Images to launch from: an id, or what they have in common."""

    alias: NotRequired[str]
    """Family and version, such as `al2023@v20260724`; picks the variant with the drivers by itself. Stands alone."""
    id: NotRequired[str]
    """One image, by its id; stands alone in its term."""
    name: NotRequired[str]
    """Name, with `*` as wildcard."""
    owner: NotRequired[str]
    """Account id, `self` or `amazon`; absent: the last two."""
    ssm_parameter: NotRequired[str]
    """Name or ARN of a parameter that holds the id."""
    tags: NotRequired[dict[str, str]]
    """Tags of the image."""


class VolumeArgs(TypedDict):
    """The volume of every node that holds images, logs and what pods write."""

    size: NotRequired[str]
    """Such as `200Gi`; absent: 100Gi, with accelerators what fits their images, 200Gi or 500Gi."""
    type: NotRequired[str]
    """EBS volume type."""
    iops: NotRequired[int]
    """Provisioned operations per second; absent: the type's baseline (gp3: 3,000)."""
    throughput: NotRequired[int]
    """MiB per second, gp3 only; absent: 125."""
    encrypted: NotRequired[bool]
    """Whether EBS encrypts it."""
    kms_key_id: NotRequired[str]
    """Key for that: id, alias or ARN; absent: the account's default key. Its own policy must allow Karpenter's role."""
    snapshot_id: NotRequired[str]
    """Snapshot that it begins with, such as one with images already pulled; absent: the image's."""
    volume_initialization_rate: NotRequired[int]
    """MiB per second at which the snapshot is fetched ahead of its first reading; absent: as blocks are read."""


class EbsArgs(TypedDict):
    """An EBS volume."""

    volume_size: NotRequired[str]
    """Such as `200Gi`; absent: the snapshot's."""
    volume_type: NotRequired[str]
    """EBS volume type."""
    iops: NotRequired[int]
    """Provisioned operations per second; absent: the type's baseline (gp3: 3,000)."""
    throughput: NotRequired[int]
    """MiB per second, gp3 only; absent: 125."""
    encrypted: NotRequired[bool]
    """Whether EBS encrypts it."""
    kms_key_id: NotRequired[str]
    """Key for that: id, alias or ARN; absent: the account's default key. Its own policy must allow Karpenter's role."""
    snapshot_id: NotRequired[str]
    """Snapshot that it begins with, such as one with images already pulled; absent: the image's, or none."""
    volume_initialization_rate: NotRequired[int]
    """MiB per second at which the snapshot is fetched ahead of its first reading; absent: as blocks are read."""
    delete_on_termination: NotRequired[bool]
    """Whether it goes with its instance."""


class BlockDeviceArgs(TypedDict):
    """A volume and where it appears."""

    device_name: str
    """Such as `/dev/xvda`."""
    ebs: EbsArgs
    """What it is."""
    root_volume: NotRequired[bool]
    """Whether its size is the node's ephemeral storage; absent: if it is the image's root or data device."""


class NetworkInterfaceArgs(TypedDict):
    """One network interface that every node is launched with. https://karpenter.sh/docs/concepts/nodeclasses/"""

    network_card_index: int
    """Which card of the instance type it sits on."""
    device_index: int
    """Its place on that card."""
    interface_type: str
    """`interface` has addresses, `efa-only` carries EFA traffic and nothing else."""


class SubnetTermArgs(TypedDict):
    """Subnets to launch into."""

    id: NotRequired[str]
    """One subnet, by its id; stands alone in its term."""
    tags: NotRequired[dict[str, str]]
    """Tags of the subnets."""


class SecurityGroupTermArgs(TypedDict):
    """Security groups of the nodes."""

    id: NotRequired[str]
    """One group, by its id; stands alone in its term."""
    name: NotRequired[str]
    """The group's name (not its tag `Name`); stands alone in its term."""
    tags: NotRequired[dict[str, str]]
    """Tags of the groups."""


class CapacityReservationTermArgs(TypedDict):
    """Reserved capacity to launch into: On-Demand Capacity Reservations and Capacity Blocks."""

    id: NotRequired[str]
    """One reservation, by its id; stands alone in its term."""
    owner_id: NotRequired[str]
    """Account that owns it; absent: any that shares with this one."""
    instance_match_criteria: NotRequired[str]
    """Whether instances find it by themselves or must name it; absent: either."""
    tags: NotRequired[dict[str, str]]
    """Tags of the reservations."""


class PlacementGroupSelectorArgs(TypedDict):
    """The placement group that nodes are launched into."""

    id: NotRequired[str]
    """By its id."""
    name: NotRequired[str]
    """By its name."""


class KubeletArgs(TypedDict):
    """How the kubelet of every node is set; what is absent stays as the image and Karpenter choose it."""

    cluster_dns: NotRequired[list[str]]
    """Addresses of the name servers that pods get."""
    max_pods: NotRequired[int]
    """Pods per node; absent: as many as the type has addresses for."""
    pods_per_core: NotRequired[int]
    """Pods per vCPU, an upper bound beside `max_pods`; 0: none. Bottlerocket ignores it."""
    system_reserved: NotRequired[dict[str, str]]
    """What the operating system keeps."""
    kube_reserved: NotRequired[dict[str, str]]
    """What the kubelet and the runtime keep; absent: by the number of pods and vCPUs."""
    eviction_hard: NotRequired[dict[str, str]]
    """What must stay free, or pods go at once; a share or an amount."""
    eviction_soft: NotRequired[dict[str, str]]
    """What should stay free, or pods go after a grace period."""
    eviction_soft_grace_period: NotRequired[dict[str, str]]
    """How long each soft threshold may be crossed, such as `90s`; one for each of them."""
    eviction_max_pod_grace_period: NotRequired[int]
    """The longest a pod may take to end at a soft threshold, in seconds."""
    image_gc_high_threshold_percent: NotRequired[int]
    """How full the disk gets before images go."""
    image_gc_low_threshold_percent: NotRequired[int]
    """How full it is when no more of them go."""
    cpu_cfs_quota: NotRequired[bool]
    """Whether CPU limits are enforced; absent: yes."""


class MetadataOptionsArgs(TypedDict):
    """Access to the instance metadata service."""

    http_endpoint: NotRequired[str]
    """Whether it answers; nodes need it to join."""
    http_protocol_ipv6: NotRequired[str]
    """Whether it answers on IPv6 too."""
    http_put_response_hop_limit: NotRequired[int]
    """How far its answers travel: 1 reaches the node and not its pods, which get credentials from Pod Identity."""
    http_tokens: NotRequired[str]
    """Whether a session token (IMDSv2) is needed."""


class ConnectionTrackingArgs(TypedDict):
    """How long the security groups' connection table remembers idle connections; from Karpenter 1.13."""

    tcp_established_timeout: NotRequired[int]
    """Seconds for established TCP connections; absent: EC2's default."""
    udp_stream_timeout: NotRequired[int]
    """Seconds for UDP flows with more than one exchange."""
    udp_timeout: NotRequired[int]
    """Seconds for UDP flows with one."""


class CpuOptionsArgs(TypedDict):
    """Processor features; from Karpenter 1.13."""

    nested_virtualization: NotRequired[str]
    """Whether pods may run virtual machines; absent: the type's default."""


class NodeClassArgs(TypedDict):
    """What nodes are made from: an EC2NodeClass."""

    ami: NotRequired[str]
    """Image alias, such as `al2023@v20260724` or `bottlerocket@1.50.0`; absent: one pinned release of Amazon Linux
    2023. `al2023@latest` replaces every node on the day of each release."""
    ami_terms: NotRequired[list[AmiTermArgs]]
    """Images of your own by id, name, tags or SSM parameter, in place of `ami`; needs `ami_family`."""
    ami_family: NotRequired[str]
    """How images of your own join; absent: the alias's."""
    volume: NotRequired[VolumeArgs]
    """Volume for images, logs and what pods write."""
    volumes: NotRequired[list[BlockDeviceArgs]]
    """Every volume, device by device, in place of `volume`."""
    instance_store: NotRequired[str]
    """What becomes of local NVMe: one disk for images, logs and pods (`raid0`), or left alone; absent: `raid0` where
    accelerators come with it."""
    network_interfaces: NotRequired[list[NetworkInterfaceArgs]]
    """Interfaces of every node, one by one; absent: computed where a pool says `efa`, otherwise one."""
    subnets: NotRequired[list[SubnetTermArgs]]
    """Subnets by id or tags; absent: the platform's private ones."""
    security_groups: NotRequired[list[SecurityGroupTermArgs]]
    """Security groups by id, name or tags; absent: the cluster's."""
    role: NotRequired[str]
    """Name, not ARN, of the nodes' IAM role; absent: Karpenter's node role. Another needs its own access entry."""
    instance_profile: NotRequired[str]
    """Instance profile that exists already, in place of a role: for clusters without a way to IAM's endpoint."""
    capacity_reservations: NotRequired[list[CapacityReservationTermArgs]]
    """Reserved capacity that nodes may take; absent: that of the pools' own `reservation`, otherwise none."""
    placement_group: NotRequired[PlacementGroupSelectorArgs]
    """Placement group that exists already; absent: the pools' own, otherwise none."""
    user_data: NotRequired[str]
    """What nodes do at their first start: NodeConfig, MIME parts or shell (AL2023), TOML (Bottlerocket), PowerShell
    (Windows). Karpenter merges it with its own; for Custom it is all there is."""
    kubelet: NotRequired[KubeletArgs]
    """The kubelet's settings; absent: as the image and Karpenter choose them."""
    metadata_options: NotRequired[MetadataOptionsArgs]
    """Access to the instance metadata service: IMDSv2 only, and one hop."""
    associate_public_ip_address: NotRequired[bool]
    """Whether nodes get a public address; absent: the subnet decides."""
    ip_prefix_count: NotRequired[int]
    """Address prefixes assigned at launch; absent: as pods come."""
    connection_tracking: NotRequired[ConnectionTrackingArgs]
    """Time-outs of the security groups' connection table; absent: EC2's."""
    cpu_options: NotRequired[CpuOptionsArgs]
    """Processor features; absent: the type's."""
    detailed_monitoring: NotRequired[bool]
    """Whether CloudWatch gets metrics every minute, at a price for each instance."""
    context: NotRequired[str]
    """Reserved field of EC2's CreateFleet; absent: none."""
    tags: NotRequired[dict[str, str]]
    """Tags of instances, volumes and network interfaces; added to the platform's."""
    raw: NotRequired[dict[str, Any]]
    """Fields of the EC2NodeClass in the API's own words, laid over all the above as a JSON merge patch; they pass the
    same checks. For a field that a newer Karpenter has and this library lacks there is no way but a newer library."""


class PoolArgs(TypedDict):
    """One kind of node: a NodePool, and an EC2NodeClass of the same name unless it shares one."""

    name: str
    """Unique; also the value of the label `karpenter.sh/nodepool` on its nodes."""
    accelerator: NotRequired[str]
    """Such as `h100` or `inferentia2`: decides families, architecture, taint, labels, volume, limits and plugin.
    Absent: a CPU pool."""
    use: NotRequired[str]
    """What its nodes are for, which decides when they may go; absent: empty nodes go after five minutes, those without
    accelerators when their pods fit elsewhere, too."""
    instance_families: NotRequired[list[str]]
    """Such as `[c5, m5, r5]`; none: the accelerator's, or current c, m and r families."""
    instance_types: NotRequired[list[str]]
    """Exact types instead of families."""
    architecture: NotRequired[str]
    """Absent: the accelerator's, otherwise `amd64`."""
    capacity_types: NotRequired[list[str]]
    """With several, Karpenter takes reserved before Spot before On-Demand; absent: `[on-demand]`, or `[reserved]` with
    a reservation."""
    zones: NotRequired[list[str]]
    """Availability zones; none: wherever the node class has subnets, or the reservation's."""
    requirements: NotRequired[list[RequirementArgs]]
    """Further conditions on instance types; a key that Karpenter does not know becomes a label of the nodes."""
    labels: NotRequired[dict[str, str]]
    """Labels of every node, for selectors of your own."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of every node."""
    taints: NotRequired[list[TaintArgs]]
    """Absent: with an accelerator its resource key with the value `true`, otherwise none; `[]`: none."""
    startup_taints: NotRequired[list[TaintArgs]]
    """Taints that something on the node takes away once it is ready, such as `ebs.csi.aws.com/agent-not-ready`."""
    limits: NotRequired[LimitsArgs]
    """Absent: two of the largest node with an accelerator, otherwise 256 vCPUs; with a reservation or as a static pool
    the number of nodes. Given, it replaces those entirely."""
    expire_after: NotRequired[str]
    """Age at which a node is replaced; absent: the use's, 720h or `Never`."""
    termination_grace_period: NotRequired[str]
    """How long pods may take to leave a node that is being replaced. Without one, a pod marked do-not-disrupt keeps an
    expired node, and its bill, for ever."""
    disruption: NotRequired[DisruptionArgs]
    """When nodes are removed."""
    weight: NotRequired[int]
    """Pools with more weight are tried first; absent: 0."""
    replicas: NotRequired[int]
    """Nodes that are there whatever pods ask for (a static pool, alpha in Karpenter); absent: as many as pods need."""
    efa: NotRequired[bool]
    """Whether nodes get an Elastic Fabric Adapter on every network card that has one, and the plugin for it."""
    placement: NotRequired[str]
    """Strategy of a placement group to be created for the pool's nodes; absent: none. `cluster` needs one zone."""
    sharing: NotRequired[SharingArgs]
    """How pods share GPUs; absent: each pod has its own."""
    reservation: NotRequired[ReservationArgs]
    """Reserved capacity to launch into; it decides type, zone, capacity type and number of nodes. Absent: none."""
    node_class: NotRequired[NodeClassArgs]
    """What its nodes are made from."""
    shared_class: NotRequired[str]
    """Name of an entry of `node_classes` to be used in place of one of its own; absent: its own."""
    raw: NotRequired[dict[str, Any]]
    """Fields of the NodePool in the API's own words, laid over all the above as a JSON merge patch; they pass the same
    checks."""


class OverlayRequirementArgs(TypedDict):
    """A condition on the labels of an instance type."""

    key: str
    """Label key; one that Karpenter does not know becomes a label of the nodes."""
    operator: str
    """How `values` are compared; `Gte` and `Lte` from Karpenter 1.9."""
    values: NotRequired[list[str]]
    """What is compared with; one whole number for comparisons, absent for `Exists` and `DoesNotExist`."""


class NodeOverlaySpecArgs(TypedDict):
    """What Karpenter takes some instance types for: their price, or a resource it would not see by itself."""

    requirements: list[OverlayRequirementArgs]
    """Which types it is about."""
    capacity: NotRequired[dict[str, str]]
    """Extended resources that nodes of these types have, such as `nvidia.com/gpu: 1` on a fractional GPU."""
    price: NotRequired[str]
    """Their price in USD per hour."""
    price_adjustment: NotRequired[str]
    """A change of their price, such as `-10%` or `+0.5`."""
    weight: NotRequired[int]
    """The overlay with more weight wins where two are about one type; absent: 0."""


class AccessArgs(TypedDict):
    """What one IAM principal may do in the cluster."""

    principal: str
    """ARN of an IAM role or user; a role's without the path of an assumed session."""
    policy: NotRequired[str | None]
    """EKS access policy, or null when `groups` say it all."""
    namespaces: NotRequired[list[str]]
    """Namespaces the policy is limited to; none means the whole cluster."""
    groups: NotRequired[list[str]]
    """Kubernetes groups, for role bindings of your own."""


class AddonArgs(TypedDict):
    """What differs from our choice for one EKS add-on."""

    version: NotRequired[str]
    """Such as `v1.21.1-eksbuild.3`; absent: the one that `versions.py` pins for the cluster's minor."""
    configuration: NotRequired[dict[str, Any]]
    """The add-on's configuration values; its own schema decides what is allowed."""


class SystemNodesArgs(TypedDict):
    """The managed node group that runs Karpenter and the add-ons; Karpenter must not run on nodes of its own."""

    instance_types: NotRequired[list[str]]
    """Types of one architecture, in order of preference."""
    count: NotRequired[int]
    """Nodes, at least two; 450 is the EKS quota of one group."""
    volume_gib: NotRequired[int]
    """Root volume in GiB; 20 is the size of the image itself."""
    labels: NotRequired[dict[str, str]]
    """Kubernetes labels of these nodes."""


class ClusterSettingsArgs(TypedDict):
    """An EKS cluster with its add-ons and its system nodes."""

    name: str
    """Name of the cluster, at most 46 characters; part of IAM role names and of what tags hold, hence immutable."""
    public_access_cidrs: list[str]
    """Networks that reach the API server from the Internet; none means the private endpoint only. It has no default,
    since either answer locks somebody out or lets somebody in."""
    kubernetes: NotRequired[str]
    """Minor version, quoted: `"1.35"`."""
    access: NotRequired[dict[str, AccessArgs]]
    """People and pipelines by a name of your choice; who creates the cluster is its administrator in any case."""
    logs: NotRequired[list[str]]
    """Control plane logs sent to CloudWatch."""
    log_retention_days: NotRequired[int]
    """How long they are kept."""
    deletion_protection: NotRequired[bool]
    """Whether EKS refuses to delete the cluster until this is switched off."""
    addons: NotRequired[dict[str, AddonArgs]]
    """Deviations per add-on, by its name."""
    system_nodes: NotRequired[SystemNodesArgs]
    """The nodes that are there before Karpenter."""


class ControllerImageArgs(TypedDict):
    """A controller built by somebody else, in place of the chart's."""

    repository: str
    """Such as `inftyai/karpenter-provider-aws`."""
    tag: str
    """Its tag; the chart's digest, which would win over it, is emptied."""


class RoleRuleArgs(TypedDict):
    """Something that the controller may do in the cluster besides what its chart lets it."""

    api_groups: list[str]
    """API groups; `""` is the core one."""
    resources: list[str]
    """Resources of those groups, in the plural."""
    verbs: list[str]
    """Such as `[get, list, watch]`."""


class KarpenterSettingsArgs(TypedDict):
    """The controller that launches and removes the pools' nodes."""

    version: NotRequired[str]
    """Version of both charts, controller and CRDs, such as `1.14.1`."""
    replicas: NotRequired[int]
    """Controller pods; one leads, others stand by. No two share a node, so the system nodes bound it."""
    cpu: NotRequired[str]
    """CPU request and limit of each; Karpenter's guide's own figure."""
    memory: NotRequired[str]
    """Memory request and limit of each; Karpenter's guide's own figure."""
    log_level: NotRequired[str]
    """Verbosity of the controller's log."""
    create_spot_role: NotRequired[bool]
    """Whether to create EC2 Spot's service-linked role. An account has it once Spot was used there, and a second one is
    refused; a new account lacks it and then every Spot launch fails, because Karpenter may not create roles."""
    image: NotRequired[ControllerImageArgs]
    """Controller image of your own; absent: the chart's, by digest."""
    role_rules: NotRequired[list[RoleRuleArgs]]
    """Further rights in the cluster, for an image that reads more than Karpenter does."""
    feature_gates: NotRequired[dict[str, bool]]
    """Alpha and beta features by name; those that the pools need (`staticCapacity` for `replicas`, `nodeOverlay` for
    overlays, sharing and fractional GPUs) are on without saying. Absent: Karpenter's default."""


class DevicePluginSettingsArgs(TypedDict):
    """What serves the devices of the pools."""

    nvidia: NotRequired[str]
    """Who registers NVIDIA GPUs: the device plugin alone, which is all that images with a driver need, or the GPU
    operator without its driver and toolkit, which parts GPUs (MIG), too."""
    monitoring: NotRequired[bool]
    """Whether the devices' metrics are published for Prometheus: by DCGM's exporter and by Neuron's monitor."""
    neuron_scheduler: NotRequired[bool]
    """Whether to install Neuron's scheduler extension, which pods need that take a part of a node's devices and more
    than one."""


class PlatformArgs(TypedDict):
    """A network, a cluster, Karpenter, and pools of nodes."""

    pools: list[PoolArgs]
    """The kinds of node that workloads can ask for."""
    node_classes: NotRequired[dict[str, NodeClassArgs]]
    """What nodes of several pools are made from, by name; a pool says `shared_class`."""
    overlays: NotRequired[dict[str, NodeOverlaySpecArgs]]
    """What Karpenter takes some instance types for, by name (NodeOverlay, alpha in Karpenter); those that the pools'
    sharing and fractional GPUs need are there without saying."""
    tags: NotRequired[dict[str, str]]
    """Tags of everything, what Karpenter launches included."""
    network: NetworkSettingsArgs
    """Where it stands."""
    cluster: ClusterSettingsArgs
    """The cluster and the nodes that are there before Karpenter."""
    karpenter: NotRequired[KarpenterSettingsArgs]
    """The controller that launches the pools' nodes."""
    device_plugins: NotRequired[DevicePluginSettingsArgs]
    """What serves the devices of the pools."""
