// The enumerations of grpc-js's API. They are TypeScript's enums, as apps name their members as types and by number.

/** The status codes of gRPC: `status.NOT_FOUND` is 5, `status[5]` is "NOT_FOUND". */
export enum status {
  /** The call succeeded. */
  OK = 0,
  /** It was cancelled. */
  CANCELLED,
  /** An error without a code of its own. */
  UNKNOWN,
  /** The request is wrong, whatever the state of the system. */
  INVALID_ARGUMENT,
  /** The time was over first. */
  DEADLINE_EXCEEDED,
  /** What was asked for does not exist. */
  NOT_FOUND,
  /** What was to be created exists. */
  ALREADY_EXISTS,
  /** The caller may not do this. */
  PERMISSION_DENIED,
  /** A quota or a limit is used up. */
  RESOURCE_EXHAUSTED,
  /** The system is not in the state that this needs. */
  FAILED_PRECONDITION,
  /** Another operation was in the way. */
  ABORTED,
  /** Past the valid range. */
  OUT_OF_RANGE,
  /** The server has no such method. */
  UNIMPLEMENTED,
  /** Something is broken. */
  INTERNAL,
  /** The service cannot be reached; another attempt may succeed. */
  UNAVAILABLE,
  /** Data is lost or corrupt. */
  DATA_LOSS,
  /** The caller has not shown who it is. */
  UNAUTHENTICATED,
}

/** Whether a channel is connected. */
export enum connectivityState {
  /** Not connected, and nobody asked for it. */
  IDLE,
  /** Being connected. */
  CONNECTING,
  /** Connected. */
  READY,
  /** It could not be connected, and will be tried again. */
  TRANSIENT_FAILURE,
  /** Closed. */
  SHUTDOWN,
}

/** What is logged. */
export enum logVerbosity {
  /** Everything. */
  DEBUG = 0,
  /** What is worth knowing. */
  INFO,
  /** What went wrong. */
  ERROR,
  /** Nothing. */
  NONE,
}

/** What a call takes over from the call that it is made for; the values are bits. */
export enum propagate {
  /** Its deadline. */
  DEADLINE = 1,
  /** Nothing here: census has no part in this library. */
  CENSUS_STATS_CONTEXT = 2,
  /** As above. */
  CENSUS_TRACING_CONTEXT = 4,
  /** Its cancellation. */
  CANCELLATION = 8,
  /** All of them. */
  DEFAULTS = 0xffff,
}

/** How messages are compressed, by number. */
export enum compressionAlgorithms {
  /** They are not. */
  identity = 0,
  /** By zlib's format. */
  deflate = 1,
  /** By gzip. */
  gzip = 2,
}
