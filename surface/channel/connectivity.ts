// Whether a channel, or one of its connections, can carry calls.

/**
 * States of a channel and of a connection
 * (https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md).
 */
export type ConnectivityState = "IDLE" | "CONNECTING" | "READY" | "TRANSIENT_FAILURE" | "SHUTDOWN";
