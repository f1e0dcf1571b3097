// The JSON of a service config, as gRPC's service_config.proto has it, for TypeScript to check and complete.

import type { StatusName } from "../../call/status.ts";

/** A google.protobuf.Duration: "0.1s", "30s". */
export type JsonDuration = string;

/** A status by its name in any case, or by its number. */
export type JsonStatus = StatusName | (string & Record<never, never>) | number;

/** Calls that a part of a service config is about: of one method, of a service, or with neither of all that no other names. */
export interface JsonMethodName {
  /** "package.Service". */
  readonly service?: string;
  /** "Method". */
  readonly method?: string;
}

/** Failed calls are made again, one attempt after the other (gRFC A6). Every field is required. */
export interface JsonRetryPolicy {
  /** Attempts in all, the first one too: 2 or more; what is above 5 means 5, or what `maxCallAttempts` of the channel says. */
  readonly maxAttempts: number;
  /** Before the second attempt; give or take a fifth. */
  readonly initialBackoff: JsonDuration;
  /** No wait is longer. */
  readonly maxBackoff: JsonDuration;
  /** What each wait is longer by than the one before. */
  readonly backoffMultiplier: number;
  /** Statuses that are worth another attempt; one or more. */
  readonly retryableStatusCodes: readonly JsonStatus[];
}

/** Attempts are made beside each other, and the first answer counts (gRFC A6). */
export interface JsonHedgingPolicy {
  /** As of {@linkcode JsonRetryPolicy}. */
  readonly maxAttempts: number;
  /** Between their beginnings. Default: all at once. */
  readonly hedgingDelay?: JsonDuration;
  /** Statuses that do not end the call while there are other attempts. */
  readonly nonFatalStatusCodes?: readonly JsonStatus[];
}

/** What is said of some methods' calls. */
export interface JsonMethodConfig {
  /** Which calls it is about; no name may stand in a config twice. */
  readonly name?: readonly JsonMethodName[];
  /** Whether calls wait through failures to connect that do not say it themselves. */
  readonly waitForReady?: boolean;
  /** How long a call may take in all; one with an earlier deadline keeps it. */
  readonly timeout?: JsonDuration;
  /** Octets of one request, before compression. */
  readonly maxRequestMessageBytes?: number;
  /** Octets of one response, after decompression. */
  readonly maxResponseMessageBytes?: number;
  /** A config has this or `hedgingPolicy`. */
  readonly retryPolicy?: JsonRetryPolicy;
  /** See {@linkcode retryPolicy}. */
  readonly hedgingPolicy?: JsonHedgingPolicy;
}

/**
 * What the owner of a service says of how it is called, in gRPC's JSON
 * (https://github.com/grpc/grpc/blob/master/doc/service_config.md). Fields that are unknown are ignored; where one that is
 * known is wrong, all of it is refused.
 */
export interface JsonServiceConfig {
  /** Balancing policies with what is said of each, one in an object: `[{ round_robin: {} }]`. The first known one is taken. */
  readonly loadBalancingConfig?: ReadonlyArray<Readonly<Record<string, object>>>;
  /** The name of one, where `loadBalancingConfig` is not there. */
  readonly loadBalancingPolicy?: string;
  /** By methods. */
  readonly methodConfig?: readonly JsonMethodConfig[];
  /** When too many calls fail, none is made again (gRFC A6). `tokenRatio` counts with three decimals. */
  readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number };
  /** The service whose health a server is asked for before it gets calls (gRFC A17). */
  readonly healthCheckConfig?: { readonly serviceName?: string };
  /** How many connections one address may have, where the streams of one are used up (gRFC A105): 1 to 10. */
  readonly connectionScaling?: { readonly maxConnectionsPerSubchannel?: number };
}
