// What this library calls itself on the wire.

/** The version of the package. */
export const VERSION = "0.1.0";

/**
 * The user-agent of our clients (PROTOCOL-HTTP2.md, "User Agents"): language, variant and version. The runtime's name is
 * left out: simulated runs are the same on each, to the octet.
 */
export const USER_AGENT: string = `grpc-typescript-pollwire/${VERSION}`;
