"""The node agent: EC2 instance → Node; known images run as local processes, other pods are marked Running."""
