// Options that channels and servers share, checked when they are made and not when they first connect.

import {
  DEFAULT_LOCAL_SETTINGS,
  type HandshakeOptions,
  localSettings,
  MESSAGE_PREFIX_BYTES,
  messageLimits,
} from "../transport/mod.ts";
import type { EndpointOptions, ReportOptions } from "../pollers/mod.ts";
import type { CompressionOptions } from "./compression.ts";
import { checkNumber, checkOptions, checkReport, checkType, type OptionNames } from "./options.ts";

/** What users say of connections; `reporter` is made from their `onError` and `logger`. */
export interface UserConnectOptions
  extends Omit<HandshakeOptions, "reporter" | "encodings">, ReportOptions, CompressionOptions {
  /**
   * The most elements that a received message may have: nested messages, lists, maps and their entries, which take
   * memory and time however few bytes they are. A message with more fails its call with RESOURCE_EXHAUSTED. Default:
   * 800,000, or a fifth of the message's bytes where that is more.
   */
  readonly maxReceiveElements?: number;
}

/** The names in {@linkcode UserConnectOptions}. */
export const CONNECT_OPTION_NAMES: OptionNames<UserConnectOptions> = {
  onError: true,
  logger: true,
  compression: true,
  acceptCompression: true,
  endpoint: true,
  handshakeTimeoutMs: true,
  keepalive: true,
  maxReceiveElements: true,
  maxReceiveMessageBytes: true,
  maxSendMessageBytes: true,
  settings: true,
};

const ABOVE_ZERO = "a number of milliseconds above 0";

const ENDPOINT: OptionNames<EndpointOptions> = { noDelay: true, keepAliveMs: true, userTimeoutMs: true };

/**
 * Throws TypeError for an option that is not in `known`, here or inside `endpoint` and `settings`, and
 * RangeError for a value outside its range.
 */
export function checkConnectOptions(
  purpose: string,
  options: UserConnectOptions,
  known: object,
): void {
  checkOptions(purpose, options, known);
  checkReport(purpose, options);
  const { endpoint, settings, handshakeTimeoutMs, maxReceiveElements } = options;
  if (endpoint !== undefined) checkEndpoint(purpose, endpoint);
  if (settings !== undefined) checkOptions(`${purpose}, settings`, settings, DEFAULT_LOCAL_SETTINGS);
  const { initialWindowSize } = localSettings(settings);
  const beginning = `at least ${MESSAGE_PREFIX_BYTES}: less lets no message begin`;
  checkNumber(purpose, "settings.initialWindowSize", initialWindowSize, MESSAGE_PREFIX_BYTES, beginning);
  messageLimits(options);
  checkNumber(purpose, "maxReceiveElements", maxReceiveElements, 0, "a number, or Infinity");
  checkNumber(purpose, "handshakeTimeoutMs", handshakeTimeoutMs, Number.MIN_VALUE, ABOVE_ZERO);
}

function checkEndpoint(purpose: string, endpoint: EndpointOptions): void {
  checkOptions(`${purpose}, endpoint`, endpoint, ENDPOINT);
  const { noDelay, ...times } = endpoint;
  checkType(purpose, "endpoint.noDelay", noDelay, "boolean");
  for (const [name, given] of Object.entries(times)) {
    checkNumber(purpose, `endpoint.${name}`, given, Number.MIN_VALUE, ABOVE_ZERO);
  }
}
