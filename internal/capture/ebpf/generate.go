package ebpf

//go:generate ../../../scripts/bpf.sh
