package lab

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"weir/internal/accesskey"
)

// credentialsFile has the key of a lab's clients. It is for its owner alone.
const credentialsFile = "credentials.json"

// region is that of weir serve where it is not told another.
const region = "us-east-1"

// Endpoints are the URLs at which a lab's services are answered. All are those of its weir serve; each has a key of its own, as AWS's clients have a variable for each.
type Endpoints struct {
	Console    string `json:"console"`
	CloudWatch string `json:"cloudwatch"`
	Logs       string `json:"logs"`
	Athena     string `json:"athena"`
	SNS        string `json:"sns"`
	EC2        string `json:"ec2"`
	STS        string `json:"sts"`
}

// Credentials sign what clients ask a lab's services; all actions are allowed. The names are those of AWS's clients.
type Credentials struct {
	AccessKeyID     string `json:"aws_access_key_id"`
	SecretAccessKey string `json:"aws_secret_access_key"`
	Region          string `json:"aws_region"`
}

// endpointsOf returns the endpoints of a weir serve.
func endpointsOf(listen string) *Endpoints {
	url := "http://" + listen
	return &Endpoints{Console: url + "/", CloudWatch: url, Logs: url, Athena: url, SNS: url, EC2: url, STS: url}
}

// createKey makes the key of a lab's clients.
func (s *state) createKey() error {
	k, err := accesskey.Create(s.path(dataFolder), "lab", "made by weir lab up", []string{"*"}, s.Started)
	if err != nil {
		return err
	}
	data, err := json.Marshal(Credentials{k.ID, k.Secret, region})
	if err != nil {
		return err
	}
	return os.WriteFile(s.path(credentialsFile), append(data, '\n'), 0o600)
}

// credentials returns the key of a lab's clients; nil: who asks may not read it.
func (s *state) credentials() (*Credentials, error) {
	data, err := os.ReadFile(s.path(credentialsFile))
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil //nolint:nilnil // it is not for all
	}
	if err != nil {
		return nil, err
	}
	c := &Credentials{}
	return c, json.Unmarshal(data, c)
}
