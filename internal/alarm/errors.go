package alarm

// An Error is the caller's: what was asked can't be done.
type Error struct {
	// Code is AWS's: ValidationError, InvalidFormat, ResourceNotFound or LimitExceeded.
	Code    string
	Message string
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Message
}
