// What a channel's options and features say of its calls and connections, and checks of values that nothing else looks at
// before it connects.

import { formatAddress, type Reporter } from "../../pollers/mod.ts";
import type { ConnectSecurity } from "../../transport/mod.ts";
import type { ObservedChannel } from "../call/call_observer.ts";
import { checkCallCredentials, NO_IDENTITIES } from "../client/call_identity.ts";
import type { MakePermission } from "../client/call_permission.ts";
import {
  type ChannelCredentials,
  connectSecurity,
  systemCredentials,
} from "../credentials/channel_credentials.ts";
import { hostOf } from "../credentials/host_names.ts";
import { type Insecure, insecure } from "../credentials/insecure.ts";
import { CHANNELS_TLS_LIBRARY } from "../credentials/tls_library.ts";
import type { FeatureSet } from "../features/feature_set.ts";
import { checkNumber, checkType, describe } from "../options.ts";
import { handled } from "../promise_like.ts";
import { USER_AGENT } from "../version.ts";
import type { ChannelOptions } from "./channel_options.ts";
import type { RouteOptions } from "./channel_route.ts";
import { type ChannelTarget, parseChannelTarget } from "./channel_target.ts";
import type { Destination } from "./destination.ts";
import { resolverFactory, type Resolvers, schemeNames } from "./resolver/resolvers.ts";
import type { ReadConfig } from "./service_config/config_in_use.ts";
import { MAX_CALL_ATTEMPTS } from "./service_config/method_config.ts";
import { ServiceConfigError } from "./service_config/service_config_error.ts";

/** Options that are numbers: the least, and what to give. Reconnecting takes longer than a shorter `idleTimeoutMs` would save. */
const NUMBERS = {
  idleTimeoutMs: [1_000, "1,000 or more milliseconds, or Infinity"],
  initialBackoffMs: [Number.MIN_VALUE, "milliseconds above 0"],
  retryBufferBytes: [0, "0 or more octets"],
} as const;

/** Options that are true or false, and that nothing else looks at the type of. */
const SWITCHES = ["lookUpServiceConfig", "enableRetries", "holdsProcess", "shareConnections"] as const;

/** Throws RangeError for numbers out of their range, and TypeError for what is not true or false. */
export function checkValues(purpose: string, options: object): void {
  const given = options as Readonly<Record<string, unknown>>;
  for (const [name, [least, expected]] of Object.entries(NUMBERS)) {
    checkNumber(purpose, name, given[name], least, expected);
  }
  for (const name of SWITCHES) checkType(purpose, name, given[name], "boolean");
}

/** What is thrown where `purpose` needs `feature`. */
export function lacking(purpose: string, feature: string): TypeError {
  return new TypeError(`Cannot ${purpose}: give the channel the feature ${feature}`);
}

/** Throws: a channel that nobody can observe was to be. */
function unobserved(): never {
  throw lacking("observe a channel", "callObservers");
}

/** The observers of a channel without the feature `callObservers`. */
export const UNOBSERVED: ObservedChannel = { list: undefined, add: unobserved, begin: unobserved };

/** What `target` says; "https:" is TLS by the libraries that the channel has. */
export function targetOf(
  target: string,
  { credentials }: ChannelOptions,
  features: FeatureSet,
  resolvers: readonly Resolvers[],
): ChannelTarget {
  const secure = (): ChannelCredentials =>
    systemCredentials(features.first("tlsLibraries") ?? CHANNELS_TLS_LIBRARY);
  const parsed = parseChannelTarget(target, credentials, secure, schemeNames(resolvers));
  checkWay(parsed.target, features);
  return parsed;
}

/** What of the features its connections have. */
export function connectionFeatures(
  features: FeatureSet,
): Pick<
  RouteOptions,
  | "compressedStreams"
  | "connectInProcess"
  | "connectionLeft"
  | "explainRefusal"
  | "headerMemory"
  | "noteFrames"
> {
  return {
    compressedStreams: features.first("compressedStreams"),
    connectInProcess: features.first("inProcess")?.connect,
    connectionLeft: features.first("knownChannels")?.connectionLeft,
    explainRefusal: features.first("explainRefusal"),
    headerMemory: features.first("headerMemory"),
    noteFrames: features.first("noteFrames"),
  };
}

/** Throws TypeError where nothing of the channel connects inside the process, and it is to. */
function checkWay({ family }: Destination, features: FeatureSet): void {
  if (family !== "inprocess" || features.first("inProcess") !== undefined) return;
  throw lacking("connect inside the process", "inProcess");
}

/** When its connections are asked whether they stand, and by what. Throws as `new Channel` does. */
export function keepaliveOf(
  { keepalive }: ChannelOptions,
  features: FeatureSet,
): Pick<RouteOptions, "keepalive" | "keepalives"> {
  if (keepalive === undefined) return {};
  const feature = features.first("keepalive");
  if (feature === undefined) throw lacking("use keepalive", "keepalive");
  return { keepalive: feature.read(keepalive), keepalives: feature.keepalives };
}

/** Makes the permissions of calls; undefined where the channel has none. Throws TypeError for what are no call credentials. */
export function permissionsOf(
  { callCredentials }: ChannelOptions,
  features: FeatureSet,
): MakePermission | undefined {
  checkCallCredentials("make a channel", callCredentials);
  const makePermission = features.first("makePermission");
  if (callCredentials === undefined || makePermission !== undefined) return makePermission;
  throw new TypeError(`Cannot make a channel: ${NO_IDENTITIES}`);
}

/** How connections to `authority` are secured; undefined where they are not. */
export function securityOf(
  credentials: ChannelCredentials | Insecure | undefined,
  authority: string,
  reporter: Reporter,
): ConnectSecurity | undefined {
  if (credentials === undefined || credentials === insecure) return undefined;
  return connectSecurity(credentials, hostOf(authority), reporter);
}

/** Reads service configs as the channel's options say. */
export function configReader(options: ChannelOptions, features: FeatureSet): ReadConfig {
  const { enableRetries = true, maxCallAttempts = MAX_CALL_ATTEMPTS } = options;
  if (!Number.isInteger(maxCallAttempts) || maxCallAttempts < 2) {
    throw new RangeError(
      `Cannot make a channel: maxCallAttempts is ${
        String(maxCallAttempts)
      }; give a whole number of 2 or more`,
    );
  }
  const reader = features.first("serviceConfigs");
  if (reader === undefined && options.lookUpServiceConfig === true) throw noServiceConfigs();
  const retries = enableRetries && features.first("retries") !== undefined;
  return (source) => {
    if (reader !== undefined) {
      return reader.read(source, features.policies, { enableRetries: retries, maxCallAttempts });
    }
    throw noServiceConfigs();
  };
}

function noServiceConfigs(): ServiceConfigError {
  return new ServiceConfigError("", "cannot be read: give the channel the feature serviceConfigs");
}

/** RFC 9110, section 10.1.5: product names, which are text. */
export function userAgentOf(own: string | undefined): string {
  if (own === undefined) return USER_AGENT;
  if (typeof own === "string" && /^[!-~](?:[ -~]*[!-~])?$/.test(own)) return `${own} ${USER_AGENT}`;
  throw new TypeError(`Cannot make a channel: userAgent is ${describe(own)}; give a name, as "shop/1.2"`);
}

/** `given`, or what is said where nothing is given. Throws TypeError where no request can say it. */
export function checkedAuthority(given: unknown, ofTarget: () => string): string {
  const authority = given === undefined ? ofTarget() : given;
  if (typeof authority === "string" && !/[^!-~]/.test(authority)) return authority;
  const found = `authority${given === undefined ? " of the target" : ""} is ${describe(authority)}`;
  throw new TypeError(`Cannot make a channel: ${found}; give authority: "host" or "host:port"`);
}

/** Unix sockets have no host; gRPC says "localhost". */
export function authorityOf(target: Destination, port: number, resolvers: readonly Resolvers[]): string {
  if (target.family === "uri") {
    // A promise is none: what it rejects with would end the process.
    return handled(resolverFactory(target.scheme, resolvers)!.authorityOf?.(target, port)) ?? target.path;
  }
  if (target.family === "list") return formatAddress(target.addresses[0]!);
  if (target.family === "dns") return `${target.host}:${target.port}`;
  return "port" in target ? formatAddress(target) : "localhost";
}
