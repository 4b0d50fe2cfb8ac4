package alarm

// arnOf is the ARN of an alarm.
func arnOf(account, region, name string) string {
	return "arn:aws:cloudwatch:" + region + ":" + account + ":alarm:" + name
}
