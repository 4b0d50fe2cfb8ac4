// Package agentstore keeps which agents belong to a server: the tokens that let them join, what each said last, and the generation of the policy. They are in
// DATA/agents.db, which several processes may open: a command makes a token, and the server sees it at the next request.
//
// What comes in is a data directory ([Open]); what goes out are tokens, agents and their reports (package agentapi), and how the delivery of flow logs goes by
// all of them. Of secrets there are hashes alone. Packages agentserver and app call it.
//
// [Certificate] makes the certificate that agents know the server by, in DATA/secrets.
//
// # How delivery of a flow log is told
//
// Each agent says of each flow log of its policy why it can't deliver, or nothing. A flow log is FAILED as long as the last word of any agent is that it can't,
// also of one that was not heard of since: what it has did not arrive. [Store.Remove] ends that. The error is what those agents said, each text once.
package agentstore
