// Package agentserver answers weir-agent over HTTPS: joins, policies and reports, as package agentapi has them.
//
// What comes in are requests, and the policy that is in force ([Policies.Publish]), which package app makes of the network's definition and the flow logs. What
// goes out is what package agentstore keeps. A request for a policy is held until there is another one than the agent has, or for a while. Package app calls it.
package agentserver
