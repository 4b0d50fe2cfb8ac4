package notify

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"weir/internal/durable"
)

// A signer signs documents, and has the certificate by which they are verified.
type signer struct {
	key         *rsa.PrivateKey
	certificate []byte // PEM
	// file is the name that the certificate has in URLs, as SNS's have it.
	file string
}

// The files below DATA/secrets.
const (
	signingKeyFile  = "notifications.key"    // PKCS #8, PEM
	certificateFile = "notifications.pem"    // the certificate of the key
	secretFile      = "notifications.secret" // base64
)

// certificateFor is how long a certificate holds.
const certificateFor = 10 * 365 * 24 * time.Hour

// openSecrets reads or makes the key, the certificate and the secret of a folder. A certificate that has run out is made anew.
func openSecrets(dir string, now time.Time) (*signer, []byte, error) {
	if err := durable.MakeDir(dir); err != nil {
		return nil, nil, fmt.Errorf("cannot make the folder of secrets: %w", err)
	}
	secret, err := openSecret(filepath.Join(dir, secretFile))
	if err != nil {
		return nil, nil, err
	}
	key, err := openKey(filepath.Join(dir, signingKeyFile))
	if err != nil {
		return nil, nil, err
	}
	certificate, err := openCertificate(filepath.Join(dir, certificateFile), key, now)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(certificate)
	return &signer{key, certificate, "SimpleNotificationService-" + hex.EncodeToString(sum[:16]) + ".pem"}, secret, nil
}

func openSecret(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		secret, err := base64.StdEncoding.DecodeString(string(raw))
		if err != nil || len(secret) < 24 {
			return nil, fmt.Errorf("%s is not the base64 of 24 bytes or more", path)
		}
		return secret, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the secret of notifications: %w", err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return secret, durable.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(secret)), 0o600)
}

func openKey(path string) (*rsa.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		if block, _ := pem.Decode(raw); block != nil {
			if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
				if key, ok := key.(*rsa.PrivateKey); ok {
					return key, nil
				}
			}
		}
		return nil, fmt.Errorf("%s is no RSA key in PKCS #8 and PEM", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the key of notifications: %w", err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, durable.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// openCertificate reads the certificate, or makes one where it is not there, is another key's, or has run out.
func openCertificate(path string, key *rsa.PrivateKey, now time.Time) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the certificate of notifications: %w", err)
	}
	if block, _ := pem.Decode(raw); block != nil {
		c, err := x509.ParseCertificate(block.Bytes)
		if err == nil && key.PublicKey.Equal(c.PublicKey) && now.Before(c.NotAfter) {
			return raw, nil
		}
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "weir notifications"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateFor),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	made := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return made, durable.WriteFile(path, made, 0o644)
}

// sign returns the signature of a text, in base64: version 2, SHA256withRSA.
func (s *signer) sign(text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	raw, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	return base64.StdEncoding.EncodeToString(raw), err
}
