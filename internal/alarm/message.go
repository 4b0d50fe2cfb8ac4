package alarm

// Message makes the subject (at most 100 characters of ASCII) and the body (JSON) of what SNS is told of an action.
func Message(a Action, account, region string) (subject, body string, err error) {
	return "", "", errUnbuilt
}
