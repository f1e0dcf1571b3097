// Reads what a service config says of methods: gRPC's MethodConfig, and the policies of gRFC A6.

import type { MessageSizes } from "../../../transport/mod.ts";
import { Status, type StatusCode, statusCode } from "../../call/status.ts";
import type { JsonField } from "./json_field.ts";
import type { HedgingPolicy, MethodConfig, RetryPolicy } from "./method_config.ts";
import { ServiceConfigError } from "./service_config_error.ts";

/** What the client says of policies that make calls again. */
export interface RetryOptions {
  /** False: they are checked, and not used. */
  readonly enableRetries: boolean;
  /** What attempts above it mean. */
  readonly maxCallAttempts: number;
}

/** Methods' configs by name: "/package.Service/Method", "/package.Service/", and "" of all others. */
export function readMethodConfigs(list: JsonField, options: RetryOptions): Map<string, MethodConfig> {
  const configs = new Map<string, MethodConfig>();
  for (const item of list.items()) {
    const config = readMethodConfig(item, options);
    for (const name of item.get("name").items()) {
      const key = readName(name);
      if (configs.has(key)) {
        throw new ServiceConfigError(name.path, `names ${describeKey(key)}, which an earlier name does too`);
      }
      configs.set(key, config);
    }
  }
  return configs;
}

function readName(name: JsonField): string {
  const service = name.get("service").optional((field) => field.text()) ?? "";
  const method = name.get("method").optional((field) => field.text()) ?? "";
  if (service !== "") return `/${service}/${method}`;
  if (method === "") return "";
  throw name.get("service").wrong(`give the service of the method ${JSON.stringify(method)}`);
}

function describeKey(key: string): string {
  if (key === "") return "all methods";
  return key.endsWith("/") ? `all methods of ${key.slice(1, -1)}` : key;
}

function readMethodConfig(field: JsonField, options: RetryOptions): MethodConfig {
  const retry = field.get("retryPolicy").optional((policy) => readRetryPolicy(policy, options));
  const hedging = field.get("hedgingPolicy").optional((policy) => readHedgingPolicy(policy, options));
  if (retry !== undefined && hedging !== undefined) {
    throw new ServiceConfigError(field.path, "has a retryPolicy and a hedgingPolicy; give one of them");
  }
  return {
    timeoutMs: field.get("timeout").optional((timeout) => timeout.durationMs(false)),
    waitForReady: field.get("waitForReady").optional((waits) => waits.flag()),
    messageSizes: readSizes(field),
    retry: options.enableRetries ? retry : undefined,
    hedging: options.enableRetries ? hedging : undefined,
  };
}

function readSizes(field: JsonField): MessageSizes | undefined {
  const sendBytes = field.get("maxRequestMessageBytes").optional((bytes) => bytes.integer(0));
  const receiveBytes = field.get("maxResponseMessageBytes").optional((bytes) => bytes.integer(0));
  if (sendBytes === undefined && receiveBytes === undefined) return undefined;
  return { sendBytes: sendBytes ?? Infinity, receiveBytes: receiveBytes ?? Infinity };
}

function readRetryPolicy(policy: JsonField, options: RetryOptions): RetryPolicy {
  const codes = policy.get("retryableStatusCodes");
  const retryableStatusCodes = readCodes(codes);
  if (retryableStatusCodes.size === 0) {
    throw new ServiceConfigError(codes.path, 'is empty; give one or more, as "UNAVAILABLE"');
  }
  return {
    maxAttempts: readAttempts(policy, options),
    initialBackoffMs: policy.get("initialBackoff").durationMs(true),
    maxBackoffMs: policy.get("maxBackoff").durationMs(true),
    backoffMultiplier: policy.get("backoffMultiplier").number(Infinity, false),
    retryableStatusCodes,
  };
}

function readHedgingPolicy(policy: JsonField, options: RetryOptions): HedgingPolicy {
  return {
    maxAttempts: readAttempts(policy, options),
    hedgingDelayMs: policy.get("hedgingDelay").optional((delay) => delay.durationMs(false)) ?? 0,
    nonFatalStatusCodes: readCodes(policy.get("nonFatalStatusCodes")),
  };
}

function readAttempts(policy: JsonField, { maxCallAttempts }: RetryOptions): number {
  return Math.min(policy.get("maxAttempts").integer(2), maxCallAttempts);
}

function readCodes(list: JsonField): ReadonlySet<StatusCode> {
  return new Set(list.items().map(readCode));
}

function readCode(field: JsonField): StatusCode {
  const { value } = field;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= Status.UNAUTHENTICATED) {
    return value as StatusCode;
  }
  const code = typeof value === "string" ? statusCode(value.toUpperCase()) : undefined;
  if (code === undefined) throw field.wrong('give a status as "UNAVAILABLE", or its number, 0 to 16');
  return code;
}
