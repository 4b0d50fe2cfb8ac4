package alarm

// ARN returns the ARN of an alarm.
func ARN(account, region, name string) string {
	return "arn:aws:cloudwatch:" + region + ":" + account + ":alarm:" + name
}
