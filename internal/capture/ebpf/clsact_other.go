//go:build !linux

package ebpf

import "errors"

func (p *Program) attachClsact(int) error { return errors.ErrUnsupported }

func detachClsact(int) error { return errors.ErrUnsupported }

func hasClsact(int) (bool, error) { return false, errors.ErrUnsupported }

func (p *Program) adoptClsact() error { return errors.ErrUnsupported }
