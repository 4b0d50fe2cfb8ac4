package agentstore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"weir/internal/durable"
)

// neverExpires is the date of a certificate that has no last day: agents go by its key.
//
// Source: RFC 5280, 4.1.2.5.
var neverExpires = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// Certificate returns the certificate that agents know the server of a data directory by, which has no end; it is made where there is none. Certificate and key are in
// DATA/secrets/agents.pem, for its owner alone: a file that others can read is refused.
func Certificate(data string, now time.Time) (*tls.Certificate, error) {
	dir := filepath.Join(data, "secrets")
	if err := durable.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("cannot make the folder of secrets: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "agents.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the certificate for agents: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil { // a server and a command may begin at once
		return nil, fmt.Errorf("cannot lock the certificate for agents: %w", err)
	}
	path := filepath.Join(dir, "agents.pem")
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeCertificate(path, now)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificate for agents: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the certificate for agents is not used, since others can read or write its key (mode %04o): chmod 600 %s", mode, path)
	}
	out, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificate for agents in %s: %w", path, err)
	}
	return &out, nil
}

// makeCertificate makes a certificate with a key of P-256, which all clients take.
func makeCertificate(path string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(random(16)), Subject: pkix.Name{CommonName: "weir"}, DNSNames: []string{"weir"},
		NotBefore: now.Add(-time.Hour), NotAfter: neverExpires, // the clock of an agent may be slow
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := durable.WriteFile(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("cannot write the certificate for agents: %w", err)
	}
	out, err := tls.X509KeyPair(text, text)
	return &out, err
}
