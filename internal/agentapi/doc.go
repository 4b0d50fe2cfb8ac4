// Package agentapi is what weir-agent and weir serve say to each other: tokens, documents, and the agent's side of the requests.
//
// What comes in is the text of a token ([ParseToken]) or a credential; what goes out are requests over HTTPS ([Client]) to a server whose public key is that of
// the token, whatever its name, its dates and who signed it. Packages agentserver (which answers), agentstore and agent/joined call it. It keeps nothing.
//
// # Requests
//
// All bodies are JSON, and a member that is not known is refused. A request that fails has an [Error] as its body.
//
//	POST /v1/join                         [Join], answered by [Joined]
//	GET  /v1/policy?generation=&digest=   answered by [Policy] where the server has another one; else 204, after a while
//	POST /v1/report                       [Report], answered by 204
//
// All but a join have the header "Authorization: Bearer AGENT.CREDENTIAL". Times are in milliseconds since the epoch.
package agentapi
