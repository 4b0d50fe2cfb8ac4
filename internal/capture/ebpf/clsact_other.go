//go:build !linux

package ebpf

import "errors"

func (n *Namespace) attachClsact(int) error { return errors.ErrUnsupported }

func detachClsact(int) error { return errors.ErrUnsupported }

func hasClsact(int) (bool, error) { return false, errors.ErrUnsupported }

func (n *Namespace) adoptClsact() error { return errors.ErrUnsupported }
