// When calls are not made again (gRPC's service_config.proto, RetryThrottlingPolicy).

/** When a service's calls fail too often, none is made again (gRFC A6). */
export interface RetryThrottling {
  /** Tokens at the start, and at most; more than half of them have to be there. */
  readonly maxTokens: number;
  /** What a call that succeeded gives back. */
  readonly tokenRatio: number;
}
