// Reading service configs: what is read of each field, and the error of each field that is wrong.
import { assertEquals, assertThrows } from "@std/assert";
import type { JsonServiceConfig } from "../../../../surface/channel/service_config/json.ts";
import { NO_METHOD_CONFIG } from "../../../../surface/channel/service_config/method_config.ts";
import { readConfig } from "../every_feature.ts";
import { ServiceConfigError } from "../../../../surface/channel/service_config/service_config_error.ts";
import { Channel } from "../../../../surface/full/channel.ts";
import { Status } from "../../../../surface/call/status.ts";
import { test } from "../../../harness.ts";

/** What is said of the error of `config`. */
function problem(config: object | string): string {
  const error = assertThrows(() => readConfig(config as JsonServiceConfig), ServiceConfigError);
  assertEquals(error.message, `Cannot read the service config: ${error.path || "it"} ${error.problem}`);
  return `${error.path} ${error.problem}`;
}

const RETRY = {
  maxAttempts: 3,
  initialBackoff: "0.1s",
  maxBackoff: "1s",
  backoffMultiplier: 2,
  retryableStatusCodes: ["UNAVAILABLE"],
};

/** The retry policy of a config that has `fields` in place of those of RETRY. */
const retrying = (fields: object) => ({
  methodConfig: [{ name: [{}], retryPolicy: { ...RETRY, ...fields } }],
});

/** The problem of a retry policy. */
const retryProblem = (fields: object) => problem(retrying(fields)).replace("methodConfig[0].retryPolicy", "");

test("a service config is an object, or its JSON; unknown fields are ignored, null is not set", () => {
  for (
    const config of [
      {},
      "{}",
      { unknown: { field: [1] }, methodConfig: null },
      '{"loadBalancingConfig":null}',
    ]
  ) {
    const read = readConfig(config as JsonServiceConfig);
    assertEquals(read.methodConfig("/a.B/C"), NO_METHOD_CONFIG);
    assertEquals(
      [read.loadBalancing, read.retryThrottling, read.healthCheckService, read.maxConnectionsPerSubchannel],
      [undefined, undefined, undefined, 1],
    );
  }
  assertEquals(problem("{").startsWith(" is no JSON: "), true);
  assertEquals(problem("[]"), " is a list; give an object");
  assertEquals(problem('"text"'), ' is the string "text"; give an object');
  assertEquals(problem({ methodConfig: {} }), "methodConfig is an object; give a list");
  assertEquals(problem({ methodConfig: [1] }), "methodConfig[0] is 1; give an object");
});

test("[C29] the first policy of loadBalancingConfig that is known is taken, with its own part", () => {
  const named = (config: JsonServiceConfig) => readConfig(config).loadBalancing?.policy.name;
  assertEquals(named({ loadBalancingConfig: [{ round_robin: {} }, { pick_first: {} }] }), "round_robin");
  assertEquals(named({ loadBalancingConfig: [{ of_the_future: {} }, { pick_first: {} }] }), "pick_first");
  assertEquals(named({ loadBalancingConfig: [{ round_robin_experimental: {} }] }), "round_robin");
  assertEquals(named({ loadBalancingPolicy: "ROUND_ROBIN" }), "round_robin");
  assertEquals(named({ loadBalancingPolicy: "" }), undefined);
});

test("[C29] loadBalancingPolicy counts only where loadBalancingConfig is not set", () => {
  const config = { loadBalancingPolicy: "of_the_future", loadBalancingConfig: [{ round_robin: {} }] };
  assertEquals(readConfig(config).loadBalancing?.policy.name, "round_robin");
});

test("[C29] a config that names only unknown policies is invalid, and says what there is", () => {
  const unknown = problem({ loadBalancingConfig: [{ a_policy: {} }, { another: {} }] });
  assertEquals(
    / has no policy that is known: a_policy, another; there are pick_first, round_robin/.test(unknown),
    true,
  );
  assertEquals(
    / is the string "other"; there are pick_first/.test(problem({ loadBalancingPolicy: "other" })),
    true,
  );
  assertEquals(
    problem({ loadBalancingConfig: [] }),
    'loadBalancingConfig is empty; give a policy, as [{"round_robin": {}}]',
  );
  assertEquals(
    problem({ loadBalancingConfig: [{ pick_first: {}, round_robin: {} }] }),
    'loadBalancingConfig[0] has 2 names; give one policy, as {"round_robin": {}}',
  );
  assertEquals(
    problem({ loadBalancingConfig: [{ round_robin: [] }] }),
    "loadBalancingConfig[0].round_robin is a list; give an object",
  );
});

test("[C30] a method's own config is found before that of its service, and that before the default", () => {
  const read = readConfig({
    methodConfig: [
      { name: [{ service: "a.B", method: "C" }, { service: "x.Y", method: "Z" }], timeout: "1s" },
      { name: [{ service: "a.B" }], timeout: "2s" },
      { name: [{}], timeout: "3s" },
      { timeout: "4s" },
    ],
  });
  for (let again = 0; again < 2; again++) {
    const timeouts = ["/a.B/C", "/x.Y/Z", "/a.B/D", "/x.Y/C", "/b.B/C"].map((path) =>
      read.methodConfig(path).timeoutMs
    );
    assertEquals(timeouts, [1_000, 1_000, 2_000, 3_000, 3_000]);
  }
});

test("[C30] a name that stands in a config twice makes it invalid", () => {
  const twice = (first: object, second: object) =>
    problem({ methodConfig: [{ name: [first] }, { name: [{ service: "other" }, second] }] });
  assertEquals(
    twice({ service: "a.B", method: "C" }, { service: "a.B", method: "C" }),
    "methodConfig[1].name[1] names /a.B/C, which an earlier name does too",
  );
  assertEquals(
    twice({ service: "a.B" }, { service: "a.B", method: "" }),
    "methodConfig[1].name[1] names all methods of a.B, which an earlier name does too",
  );
  assertEquals(
    twice({}, { service: "" }),
    "methodConfig[1].name[1] names all methods, which an earlier name does too",
  );
  assertEquals(
    problem({ methodConfig: [{ name: [{ method: "C" }] }] }),
    'methodConfig[0].name[0].service is missing; give the service of the method "C"',
  );
});

test("[C31] sizes are whole numbers, and 0 is a limit", () => {
  const read = readConfig({
    methodConfig: [{
      name: [{}],
      maxRequestMessageBytes: 0,
      maxResponseMessageBytes: 1_024,
      waitForReady: true,
    }],
  });
  const { messageSizes, waitForReady } = read.methodConfig("/a.B/C");
  assertEquals([messageSizes, waitForReady], [{ sendBytes: 0, receiveBytes: 1_024 }, true]);
  const half = readConfig({ methodConfig: [{ name: [{}], maxRequestMessageBytes: 7 }] });
  assertEquals(half.methodConfig("/a.B/C").messageSizes, { sendBytes: 7, receiveBytes: Infinity });
  const one = (fields: object) => problem({ methodConfig: [fields] });
  assertEquals(
    one({ maxRequestMessageBytes: -1 }),
    "methodConfig[0].maxRequestMessageBytes is -1; give 0 or more",
  );
  assertEquals(
    one({ maxResponseMessageBytes: 1.5 }),
    "methodConfig[0].maxResponseMessageBytes is 1.5; give a whole number",
  );
  assertEquals(one({ waitForReady: "true" }).endsWith('is the string "true"; give true or false'), true);
});

test("[C32] durations are JSON of google.protobuf.Duration", () => {
  const timeout = (text: string) =>
    readConfig(`{"methodConfig":[{"name":[{}],"timeout":${JSON.stringify(text)}}]}`)
      .methodConfig("/a.B/C").timeoutMs;
  assertEquals(["0s", "0.1s", "1.000000001s", "3s", "90s"].map(timeout), [
    0,
    100,
    1_000.000001,
    3_000,
    90_000,
  ]);
  for (const text of ["1", "1ms", "-1s", ".5s", "1.s", "1.0000000001s", "315576000001s", " 1s"]) {
    assertEquals(
      problem({ methodConfig: [{ timeout: text }] }),
      `methodConfig[0].timeout is the string ${JSON.stringify(text)}; give a duration, as "0.1s"`,
    );
  }
  assertEquals(
    problem({ methodConfig: [{ timeout: 1 }] }),
    'methodConfig[0].timeout is 1; give a duration, as "0.1s"',
  );
});

test("[C55] a retry policy is read whole: statuses by names in any case, and by numbers", () => {
  const policy = { ...RETRY, retryableStatusCodes: ["unavailable", "Aborted", 4] };
  const { retry, hedging } = readConfig(retrying(policy)).methodConfig("/a.B/C");
  assertEquals(hedging, undefined);
  assertEquals(retry, {
    maxAttempts: 3,
    initialBackoffMs: 100,
    maxBackoffMs: 1_000,
    backoffMultiplier: 2,
    retryableStatusCodes: new Set([Status.UNAVAILABLE, Status.ABORTED, Status.DEADLINE_EXCEEDED]),
  });
});

test("[C55] more attempts than 5 are 5, and the client may have more", () => {
  const attempts = (maxCallAttempts?: number) =>
    readConfig(
      retrying({ maxAttempts: 9 }),
      maxCallAttempts === undefined ? undefined : { enableRetries: true, maxCallAttempts },
    ).methodConfig("/a.B/C").retry?.maxAttempts;
  assertEquals([attempts(), attempts(7), attempts(100)], [5, 7, 9]);
});

test("[C55] a retry policy with something missing or wrong makes the config invalid", () => {
  for (
    const [field, expected] of [
      ["maxAttempts", "give a number"],
      ["initialBackoff", 'give a duration above 0, as "0.1s"'],
      ["maxBackoff", 'give a duration above 0, as "0.1s"'],
      ["backoffMultiplier", "give a number"],
    ]
  ) assertEquals(retryProblem({ [field!]: undefined }), `.${field} is missing; ${expected}`);
  assertEquals(retryProblem({ maxAttempts: 1 }), ".maxAttempts is 1; give 2 or more");
  assertEquals(
    retryProblem({ initialBackoff: "0s" }),
    '.initialBackoff is the string "0s"; give a duration above 0, as "0.1s"',
  );
  assertEquals(retryProblem({ maxBackoff: "0.0s" }).includes("give a duration above 0"), true);
  assertEquals(retryProblem({ backoffMultiplier: 0 }), ".backoffMultiplier is 0; give a number above 0");
  for (const codes of [undefined, []]) {
    assertEquals(
      retryProblem({ retryableStatusCodes: codes }),
      '.retryableStatusCodes is empty; give one or more, as "UNAVAILABLE"',
    );
  }
  for (const code of ["NO_STATUS", 17, -1, 1.5, true]) {
    assertEquals(
      retryProblem({ retryableStatusCodes: ["UNAVAILABLE", code] }).includes(".retryableStatusCodes[1] is "),
      true,
    );
  }
});

test("[C61] throttling: up to 1,000 tokens, and three decimals of the ratio", () => {
  const throttling = (maxTokens: number, tokenRatio: number) =>
    readConfig({ retryThrottling: { maxTokens, tokenRatio } }).retryThrottling;
  assertEquals(throttling(10, 0.1239), { maxTokens: 10, tokenRatio: 0.123 });
  assertEquals(throttling(1_000, 1.005), { maxTokens: 1_000, tokenRatio: 1.005 });
  const wrong = (retryThrottling: object) => problem({ retryThrottling });
  assertEquals(
    wrong({ maxTokens: 0, tokenRatio: 1 }),
    "retryThrottling.maxTokens is 0; give a number above 0, 1000 at most",
  );
  assertEquals(wrong({ maxTokens: 1_001, tokenRatio: 1 }).includes("maxTokens is 1001"), true);
  assertEquals(wrong({ tokenRatio: 1 }), "retryThrottling.maxTokens is missing; give a number");
  assertEquals(
    wrong({ maxTokens: 1, tokenRatio: 0 }),
    "retryThrottling.tokenRatio is 0; give a number above 0",
  );
  assertEquals(
    wrong({ maxTokens: 1, tokenRatio: 0.0009 }),
    "retryThrottling.tokenRatio is 0.0009; give 0.001 or more",
  );
});

test("[C62] a hedging policy: its delay is 0 by default, and a method has it or a retry policy", () => {
  const hedged = (hedgingPolicy: object) =>
    ({ methodConfig: [{ name: [{}], hedgingPolicy }] }) as JsonServiceConfig;
  const read = (policy: object) => readConfig(hedged(policy)).methodConfig("/a.B/C").hedging;
  assertEquals(read({ maxAttempts: 2 }), {
    maxAttempts: 2,
    hedgingDelayMs: 0,
    nonFatalStatusCodes: new Set([]),
  });
  assertEquals(read({ maxAttempts: 8, hedgingDelay: "0.25s", nonFatalStatusCodes: ["INTERNAL"] }), {
    maxAttempts: 5,
    hedgingDelayMs: 250,
    nonFatalStatusCodes: new Set([Status.INTERNAL]),
  });
  assertEquals(
    problem(hedged({ maxAttempts: 1 })),
    "methodConfig[0].hedgingPolicy.maxAttempts is 1; give 2 or more",
  );
  assertEquals(problem(hedged({})), "methodConfig[0].hedgingPolicy.maxAttempts is missing; give a number");
  assertEquals(
    problem({ methodConfig: [{ retryPolicy: RETRY, hedgingPolicy: { maxAttempts: 2 } }] }),
    "methodConfig[0] has a retryPolicy and a hedgingPolicy; give one of them",
  );
});

test("[C64] enableRetries: false has policies checked, and not used", () => {
  const options = { enableRetries: false, maxCallAttempts: 5 };
  const { retry, timeoutMs } = readConfig(
    { methodConfig: [{ name: [{}], timeout: "1s", retryPolicy: RETRY }] } as JsonServiceConfig,
    options,
  ).methodConfig("/a.B/C");
  assertEquals([retry, timeoutMs], [undefined, 1_000]);
  assertThrows(
    () => readConfig(retrying({ maxAttempts: 1 }), options),
    ServiceConfigError,
  );
});

test('[C52] healthCheckConfig names a service; "" is the whole server', () => {
  const service = (healthCheckConfig: object) => readConfig({ healthCheckConfig }).healthCheckService;
  assertEquals([service({ serviceName: "a.B" }), service({ serviceName: "" }), service({})], [
    "a.B",
    "",
    undefined,
  ]);
  assertEquals(
    problem({ healthCheckConfig: { serviceName: 1 } }),
    "healthCheckConfig.serviceName is 1; give a string",
  );
});

test("[C48] connectionScaling: 1 to 10 connections", () => {
  const most = (maxConnectionsPerSubchannel: number) =>
    readConfig({ connectionScaling: { maxConnectionsPerSubchannel } }).maxConnectionsPerSubchannel;
  assertEquals([most(1), most(10), most(11)], [1, 10, 10]);
  assertEquals(
    problem({ connectionScaling: { maxConnectionsPerSubchannel: 0 } }),
    "connectionScaling.maxConnectionsPerSubchannel is 0; give 1 or more",
  );
});

test("[C26] a channel is not made with a service config that is wrong", () => {
  for (const serviceConfig of [retrying({ maxAttempts: 1 }), JSON.stringify(retrying({ maxAttempts: 1 }))]) {
    assertThrows(
      () => new Channel("127.0.0.1:1", { serviceConfig }),
      ServiceConfigError,
      "Cannot read the service config: methodConfig[0].retryPolicy.maxAttempts is 1; give 2 or more",
    );
  }
  assertThrows(
    () => new Channel("127.0.0.1:1", { maxCallAttempts: 1 }),
    RangeError,
    "give a whole number of 2 or more",
  );
  assertThrows(
    () => new Channel("127.0.0.1:1", { enableRetries: "no" as unknown as boolean }),
    TypeError,
    "enableRetries is the string",
  );
});
