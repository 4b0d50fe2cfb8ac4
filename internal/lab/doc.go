// Package lab builds a VPC out of network namespaces of this machine, sends traffic through it, and asks what flow logs say of it.
//
// What comes in is a [Definition]: a network as packages netmodel and agent have it, and the hosts that are in it. [Up] makes the namespaces (each VPC's router with
// the host's ends of all interfaces, one for each host, one for the internet, one for the transit gateway), and starts the agent in a router's, enforcing at each interface, an agent in the transit
// gateway's, what hosts serve, and weir serve over the records, beside it S3 where its program is there. The agent delivers to a folder, a log group of that weir serve and S3 ([AWS] says how others
// reach them). [Down] takes all of it away. [Run] sends the traffic of scenarios ([Scenario]) and compares what is answered to their questions ([Question]), also which messages of alarms came
// ([Messages]). Package cli calls it, and is the program of all
// processes that it starts.
//
// Nothing outside the namespaces is changed: no device, route or sysctl of the host. What a lab has made is known without a record of it: namespaces by their names, which begin
// with [Prefix], processes by a variable of their environment, and files by the folder, so that a lab whose maker was killed can be taken away too.
package lab
