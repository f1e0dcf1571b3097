// Service configs as grpc-js has them: what they may have that gRPC's JSON does not is written as that has it.

/** JSON, of which nothing is known. */
type Json = unknown;

const isObject = (json: Json): json is Record<string, Json> =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** Of google.protobuf.Duration: a second more is one of `seconds`. */
const MOST_NANOS = 999_999_999;

/** A duration as grpc-js has it, { seconds: 1, nanos: 500000000 }, as text; undefined where `json` is none. */
function durationOf(json: Record<string, Json>): string | undefined {
  const { seconds: given, nanos = 0, ...rest } = json;
  // In messages of protobuf, 64 bits are text.
  const seconds = typeof given === "string" && /^[0-9]+$/.test(given) ? Number(given) : given;
  if (typeof seconds !== "number" || typeof nanos !== "number" || Object.keys(rest).length > 0) {
    return undefined;
  }
  return nanos >= 0 && nanos <= MOST_NANOS ? `${(seconds + nanos / 1e9).toFixed(9)}s` : undefined;
}

/** What grpc-js calls otherwise than gRPC's JSON. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([[
  "oob_load_reporting_period",
  "oobReportingPeriod",
]]);

/** "child_policy" is "childPolicy". */
function camelCase(name: string): string {
  return OTHER_NAMES.get(name) ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Fields by the names that gRPC's JSON has, and durations as text. */
function rewritten(json: Json): Json {
  if (Array.isArray(json)) return json.map(rewritten);
  if (!isObject(json)) return json;
  return durationOf(json) ?? Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const key = camelCase(name);
      return [key, key === "childPolicy" ? policies(value) : rewritten(value)];
    }),
  );
}

/** Policies by their names, which have underscores. */
function policies(json: Json): Json {
  if (!Array.isArray(json)) return json;
  return json.map((policy) =>
    isObject(policy)
      ? Object.fromEntries(Object.entries(policy).map(([name, config]) => [name, rewritten(config)]))
      : policy
  );
}

/** `json`, a service config of grpc-js, as channels of this library take it. An empty list of policies is none. */
export function serviceConfigOf(json: string | undefined): string | undefined {
  if (typeof json !== "string") return undefined;
  const config = JSON.parse(json) as Json;
  if (!isObject(config)) return json;
  const { loadBalancingConfig, ...rest } = config;
  const isNone = loadBalancingConfig === undefined ||
    (Array.isArray(loadBalancingConfig) && loadBalancingConfig.length === 0);
  const all = rewritten(rest) as Record<string, Json>;
  return JSON.stringify(isNone ? all : { ...all, loadBalancingConfig: policies(loadBalancingConfig) });
}
