// The options of grpc-js's channels and servers, and which of this library's they are.

import type { ChannelOptions as WireChannelOptions } from "../../channel/channel_options.ts";
import type { Compression } from "../../compression.ts";
import type { ServerOptions as WireServerOptions } from "../../server/server_options.ts";
import { compressionAlgorithms } from "./constants.ts";
import { appLogger } from "./logging.ts";
import { serviceConfigOf } from "./service_config.ts";

/** Options by grpc-js's names. Those that mean nothing here have no effect, as unknown ones. */
export interface ChannelOptions {
  /** The name that the server's certificate must be for. Default: the target's host. */
  "grpc.ssl_target_name_override"?: string;
  /** Stands before the name of the library in what a channel calls itself. */
  "grpc.primary_user_agent"?: string;
  /** Stands after the first one. */
  "grpc.secondary_user_agent"?: string;
  /** What `:authority` says. */
  "grpc.default_authority"?: string;
  /** Silence before the other side is asked whether it is there. */
  "grpc.keepalive_time_ms"?: number;
  /** How long its answer may take. */
  "grpc.keepalive_timeout_ms"?: number;
  /** Whether it is asked while there is no call: 1 or 0. */
  "grpc.keepalive_permit_without_calls"?: number;
  /** A service config, JSON. */
  "grpc.service_config"?: string;
  /** The most calls that a client may have open on a connection. */
  "grpc.max_concurrent_streams"?: number;
  /** The wait before the second attempt to connect. */
  "grpc.initial_reconnect_backoff_ms"?: number;
  /** How long an attempt to connect may take, but no shorter than the first backoff; 0: any time. Default 20 s. */
  "grpc.min_reconnect_backoff_ms"?: number;
  /** Has no effect here: it is two minutes. */
  "grpc.max_reconnect_backoff_ms"?: number;
  /** 1: connections are the channel's own. */
  "grpc.use_local_subchannel_pool"?: number;
  /** The most octets of a message that is sent; -1: any number. */
  "grpc.max_send_message_length"?: number;
  /** The most octets of a message that comes; -1: any number. Default 4 MiB. */
  "grpc.max_receive_message_length"?: number;
  /** 0: the environment's proxy is not used. */
  "grpc.enable_http_proxy"?: number;
  /** A proxy, "http://host:port". */
  "grpc.http_proxy"?: string;
  /** What requests are compressed with. */
  "grpc.default_compression_algorithm"?: compressionAlgorithms;
  /** 0: no call is made again by a policy of a service config. */
  "grpc.enable_retries"?: number;
  /** Octets of requests that are kept of all calls that may be made again. */
  "grpc.retry_buffer_size"?: number;
  /** The most attempts that a policy may have. */
  "grpc-node.retry_max_attempts_limit"?: number;
  /** How long a server's connection may be used. */
  "grpc.max_connection_age_ms"?: number;
  /** How long its calls have from then on. */
  "grpc.max_connection_age_grace_ms"?: number;
  /** How long a server's connection may have no call. */
  "grpc.max_connection_idle_ms"?: number;
  /** 1: a server sends what handlers record of their calls' load with the status of each call. */
  "grpc.server_call_metric_recording"?: number;
  /** How long a channel may have no call until its connections are closed. */
  "grpc.client_idle_timeout_ms"?: number;
  /** The most octets of the headers that come. */
  "grpc.max_metadata_size"?: number;
  /** 0: a name in DNS is asked for a service config too. Default: it is not, other than in grpc-js. */
  "grpc.service_config_disable_resolution"?: number;
  /** The pollers to choose from, "epoll,native" for one, as of this library's channels and servers. */
  "pollwire.poller"?: string;
  /** Others. */
  // deno-lint-ignore no-explicit-any
  [name: string]: any;
}

/** Of the API of grpc-js. */
const RECEIVE_LIMIT = 4 * 1024 * 1024;

/** The shortest idle timeout that channels have. */
const LEAST_IDLE_MS = 1_000;

/** The shortest first backoff: grpc-js takes 0. */
const LEAST_BACKOFF_MS = 1;

/** The first backoff of who says nothing. */
const FIRST_BACKOFF_MS = 1_000;

/** Options that a channel of this library is made with, beside credentials. */
export function channelOptions(options: ChannelOptions): WireChannelOptions {
  const {
    "grpc.default_authority": authority,
    "grpc.initial_reconnect_backoff_ms": initialBackoffMs,
    "grpc.enable_retries": retries,
    "grpc.retry_buffer_size": retryBufferBytes,
    "grpc-node.retry_max_attempts_limit": maxCallAttempts,
    "grpc.client_idle_timeout_ms": idleMs,
  } = options;
  const proxy = options["grpc.enable_http_proxy"] === 0 ? false : options["grpc.http_proxy"];
  return defined({
    ...commonOptions(options),
    authority,
    userAgent: userAgentOf(options["grpc.primary_user_agent"], options["grpc.secondary_user_agent"]),
    serviceConfig: serviceConfigOf(options["grpc.service_config"]),
    initialBackoffMs: initialBackoffMs === undefined
      ? undefined
      : Math.max(LEAST_BACKOFF_MS, initialBackoffMs),
    handshakeTimeoutMs: attemptTimeoutOf(options),
    retryBufferBytes,
    maxCallAttempts,
    proxy,
    enableRetries: retries === undefined ? undefined : retries !== 0,
    shareConnections: options["grpc.use_local_subchannel_pool"] === 1 ? false : undefined,
    idleTimeoutMs: idleMs === undefined ? undefined : Math.max(LEAST_IDLE_MS, idleMs),
    lookUpServiceConfig: options["grpc.service_config_disable_resolution"] === 0 ? true : undefined,
  });
}

/** Options that a server of this library is made with, beside credentials. */
export function serverOptions(options: ChannelOptions): WireServerOptions {
  return defined({
    ...commonOptions(options),
    maxConnectionAgeMs: options["grpc.max_connection_age_ms"],
    maxConnectionAgeGraceMs: options["grpc.max_connection_age_grace_ms"],
    maxConnectionIdleMs: options["grpc.max_connection_idle_ms"],
  });
}

function commonOptions(options: ChannelOptions) {
  const maxConcurrentStreams = options["grpc.max_concurrent_streams"];
  const maxHeaderListSize = options["grpc.max_metadata_size"];
  return {
    poller: options["pollwire.poller"],
    logger: appLogger,
    maxReceiveMessageBytes: limit(options["grpc.max_receive_message_length"] ?? RECEIVE_LIMIT),
    maxSendMessageBytes: limit(options["grpc.max_send_message_length"]),
    compression: compressionOf(options["grpc.default_compression_algorithm"]),
    keepalive: keepaliveOf(options),
    settings: maxConcurrentStreams === undefined && maxHeaderListSize === undefined
      ? undefined
      : defined({ maxConcurrentStreams, maxHeaderListSize }),
  };
}

/** grpc-js does not read it: what it means is C-core's and nice-grpc's, whose own timer needs grpc-js's inside. */
function attemptTimeoutOf(options: ChannelOptions): number | undefined {
  const leastMs = options["grpc.min_reconnect_backoff_ms"];
  if (leastMs === undefined) return undefined;
  if (leastMs === 0) return Infinity;
  return Math.max(leastMs, options["grpc.initial_reconnect_backoff_ms"] ?? FIRST_BACKOFF_MS);
}

function userAgentOf(...names: Array<string | undefined>): string | undefined {
  return names.filter((name) => name).join(" ") || undefined;
}

function keepaliveOf(options: ChannelOptions) {
  const withoutCalls = options["grpc.keepalive_permit_without_calls"];
  const keepalive = defined({
    timeMs: options["grpc.keepalive_time_ms"],
    timeoutMs: options["grpc.keepalive_timeout_ms"],
    permitWithoutCalls: withoutCalls === undefined ? undefined : withoutCalls === 1,
  });
  return Object.keys(keepalive).length === 0 ? undefined : keepalive;
}

/** -1 is no limit. */
function limit(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes < 0 ? Infinity : bytes;
}

function compressionOf(algorithm: compressionAlgorithms | undefined): Compression | undefined {
  return algorithm === undefined ? undefined : compressionAlgorithms[algorithm] as Compression | undefined;
}

/** `options` without those that are undefined. */
function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const all = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all) as { [K in keyof T]: Exclude<T[K], undefined> };
}
