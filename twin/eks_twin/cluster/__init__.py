"""One real control plane per EKS cluster: etcd, kube-apiserver, scheduler and controllers."""
