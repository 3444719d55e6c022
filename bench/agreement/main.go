// What Karpenter's own code makes of instance types and pods: the other side of `python -m bench.agreement`.
//
// Reads one JSON document on standard input and writes one on standard output. No cluster and no AWS: types come from
// the input, offerings are all available, and each pod meets an empty cluster.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	awsv1 "github.com/aws/karpenter-provider-aws/pkg/apis/v1"
	awsoptions "github.com/aws/karpenter-provider-aws/pkg/operator/options"
	"github.com/aws/karpenter-provider-aws/pkg/providers/instancetype"
	"github.com/aws/karpenter-provider-aws/pkg/providers/instancetype/compatibility"
	"github.com/go-logr/logr"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"
	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/events"
	"sigs.k8s.io/karpenter/pkg/operator/options"
	requirements "sigs.k8s.io/karpenter/pkg/scheduling"
	nodepoolutils "sigs.k8s.io/karpenter/pkg/utils/nodepool"
)

type question struct {
	Region   string
	Overhead float64
	Zones    []string
	Types    map[string]ec2types.InstanceTypeInfo
	Offered  map[string][]string
	Prices   map[string]float64
	Classes  []awsv1.EC2NodeClassSpec
	Cases    []struct {
		Pools []struct {
			Name  string
			Class int
			Spec  karpv1.NodePoolSpec
		}
		Pod corev1.Pod
	}
}

type described struct {
	Labels, Capacity, Allocatable map[string]string
}

type placed struct {
	Pool  string
	Types []string
}

type answer struct {
	Types []map[string]described
	Pods  []placed
}

func main() {
	log.SetLogger(logr.Discard())
	var asked question
	lo.Must0(json.NewDecoder(os.Stdin).Decode(&asked))
	ctx := (&awsoptions.Options{ClusterName: "agreement", VMMemoryOverheadPercent: asked.Overhead}).ToContext(context.Background())
	ctx = (&options.Options{}).ToContext(ctx)
	var found answer
	classes := lo.Map(asked.Classes, func(spec awsv1.EC2NodeClassSpec, _ int) []*cloudprovider.InstanceType {
		return instanceTypes(ctx, asked, spec)
	})
	for _, offered := range classes {
		found.Types = append(found.Types, lo.SliceToMap(offered, func(it *cloudprovider.InstanceType) (string, described) {
			return it.Name, describe(it)
		}))
	}
	for _, each := range asked.Cases {
		var pools []*karpv1.NodePool
		offered := map[string][]*cloudprovider.InstanceType{}
		for _, p := range each.Pools {
			pools = append(pools, &karpv1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: p.Name, UID: types.UID(p.Name)}, Spec: p.Spec})
			offered[p.Name] = classes[p.Class]
		}
		found.Pods = append(found.Pods, place(ctx, pools, offered, each.Pod.DeepCopy()))
	}
	lo.Must0(json.NewEncoder(os.Stdout).Encode(found))
}

// instanceTypes is what the AWS provider makes of the types for one EC2NodeClass, every offering available.
func instanceTypes(ctx context.Context, asked question, spec awsv1.EC2NodeClassSpec) []*cloudprovider.InstanceType {
	class := &awsv1.EC2NodeClass{Spec: spec}
	for i, zone := range asked.Zones {
		class.Status.Subnets = append(class.Status.Subnets, awsv1.Subnet{ID: fmt.Sprintf("subnet-%d", i), Zone: zone, ZoneID: fmt.Sprintf("az%d", i)})
	}
	resolver := instancetype.NewDefaultResolver(asked.Region)
	names := lo.Keys(asked.Types)
	sort.Strings(names)
	return lo.Map(names, func(name string, _ int) *cloudprovider.InstanceType {
		it := resolver.Resolve(ctx, asked.Types[name], asked.Offered[name], class)
		fits := compatibility.IsCompatibleWithNodeClass(asked.Types[name], class, nil)
		for _, zone := range asked.Zones {
			for _, kind := range it.Requirements.Get(karpv1.CapacityTypeLabelKey).Values() {
				it.Offerings = append(it.Offerings, &cloudprovider.Offering{
					Requirements: requirements.NewRequirements(
						requirements.NewRequirement(karpv1.CapacityTypeLabelKey, corev1.NodeSelectorOpIn, kind),
						requirements.NewRequirement(corev1.LabelTopologyZone, corev1.NodeSelectorOpIn, zone),
						requirements.NewRequirement(cloudprovider.ReservationIDLabel, corev1.NodeSelectorOpDoesNotExist),
						requirements.NewRequirement(awsv1.LabelCapacityReservationType, corev1.NodeSelectorOpDoesNotExist),
						requirements.NewRequirement(awsv1.LabelCapacityReservationInterruptible, corev1.NodeSelectorOpDoesNotExist),
					),
					Price:     asked.Prices[name],
					Available: fits && it.Requirements.Get(corev1.LabelTopologyZone).Has(zone),
				})
			}
		}
		return it
	})
}

func describe(it *cloudprovider.InstanceType) described {
	single := lo.PickBy(it.Requirements, func(_ string, r *requirements.Requirement) bool { return len(r.Values()) == 1 })
	return described{
		Labels:      lo.MapValues(single, func(r *requirements.Requirement, _ string) string { return r.Values()[0] }),
		Capacity:    plain(it.Capacity),
		Allocatable: plain(it.Allocatable()),
	}
}

func plain(resources corev1.ResourceList) map[string]string {
	found := map[string]string{}
	for name, quantity := range resources {
		found[string(name)] = quantity.AsDec().String()
	}
	return found
}

// place is where the scheduler puts a pod that meets an empty cluster; no pool when it stays pending.
func place(ctx context.Context, pools []*karpv1.NodePool, offered map[string][]*cloudprovider.InstanceType, pod *corev1.Pod) placed {
	nodepoolutils.OrderByWeight(pools)
	pod.UID, pod.Namespace = "pod", "default"
	pods, now := []*corev1.Pod{pod}, &clock.RealClock{}
	cluster := state.NewCluster(now, nil, nil)
	recorder := events.NewRecorder(&record.FakeRecorder{})
	if err := provisioning.NewProvisioner(nil, recorder, nil, cluster, now, nil, nil).Validate(ctx, pod); err != nil {
		return placed{} // the scheduler never hears of such a pod
	}
	topology := lo.Must(scheduling.NewTopology(ctx, nil, cluster, nil, pools, offered, pods))
	scheduler := scheduling.NewScheduler(ctx, nil, pools, cluster, nil, topology, offered, nil, recorder, now, nil, nil)
	results := lo.Must(scheduler.Solve(ctx, pods))
	if len(results.NewNodeClaims) == 0 {
		return placed{}
	}
	claim := results.NewNodeClaims[0]
	names := lo.Map(claim.InstanceTypeOptions, func(it *cloudprovider.InstanceType, _ int) string { return it.Name })
	sort.Strings(names)
	return placed{Pool: claim.NodePoolName, Types: names}
}
