package lab

// Endpoints are the URLs at which a lab's services are answered. Most are those of its weir serve; each has a key of its own, as AWS's clients have a variable for each.
type Endpoints struct {
	Console    string `json:"console"`
	CloudWatch string `json:"cloudwatch"`
	Logs       string `json:"logs"`
	Athena     string `json:"athena"`
	SNS        string `json:"sns"`
	EC2        string `json:"ec2"`
	STS        string `json:"sts"`
	S3         string `json:"s3,omitempty"` // of versitygw, where it is installed
	Receiver   string `json:"receiver"`     // takes messages of notifications
}

// Credentials sign what clients ask a lab's services; all actions are allowed. The names are those of AWS's clients.
type Credentials struct {
	AccessKeyID     string `json:"aws_access_key_id"`
	SecretAccessKey string `json:"aws_secret_access_key"`
	Region          string `json:"aws_region"`
}

// endpointsOf returns the endpoints of a lab.
func endpointsOf(a *AWS) *Endpoints {
	url := a.Endpoint
	return &Endpoints{Console: url + "/", CloudWatch: url, Logs: url, Athena: url, SNS: url, EC2: url, STS: url, S3: a.S3, Receiver: a.Receiver}
}

// credentials returns the key of a lab's clients; nil: who asks may not read it.
func (a *AWS) credentials() *Credentials {
	if a.KeyID == "" {
		return nil
	}
	return &Credentials{a.KeyID, a.Secret, a.Region}
}
