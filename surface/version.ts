// What this library calls itself on the wire.

/** The version of the package. */
export const VERSION = "0.1.0";

/** The user-agent of our clients (PROTOCOL-HTTP2.md, "User Agents"). */
export const USER_AGENT: string = `grpc-pollwire/${VERSION}`;
