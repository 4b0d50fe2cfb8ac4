// Package joined is what weir-agent has of its server: it joins, follows the server's policy, keeps the last one that it could carry out, and reports.
//
// What comes in are a token ([Join]) and a folder ([Open]); what goes out are policies for package agent ([Agent.Run] offers each, [Agent.Kept] has the last), in
// force before the next is asked for. Package agent/command calls it. Flow logs of a policy become those of the agent's config in flowLogOf; one that this agent can't make is
// refused alone, and the server is told why. All else that is not understood refuses the policy whole, and the one of before stays.
//
// # The folder
//
// It is "server" in the agent's state folder. It has mode 0700, and its files 0600; files that others can read are refused. agent.json has the server, the pin of its certificate and the agent's credential;
// policy.json the policy that was last in force, as it came. Both are written whole and synced, so that there is the one or the other after a crash, and what was in force
// before a restart is so after it, whether the server answers or not.
package joined
