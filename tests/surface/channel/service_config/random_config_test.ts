// Service configs with anything anywhere: each is read, or refused with an error that names a field, and nothing else.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../../pollers/simulated/mod.ts";
import { readConfig } from "../every_feature.ts";
import { ServiceConfigError } from "../../../../surface/channel/service_config/service_config_error.ts";
import { test } from "../../../harness.ts";

/** A config that says everything. */
const WHOLE = JSON.stringify({
  loadBalancingPolicy: "round_robin",
  loadBalancingConfig: [{
    outlier_detection: {
      interval: "5s",
      baseEjectionTime: "30s",
      maxEjectionPercent: 10,
      successRateEjection: { stdevFactor: 1900, minimumHosts: 5 },
      failurePercentageEjection: { threshold: 50 },
      childPolicy: [{
        random_subsetting: { subsetSize: 5, childPolicy: [{ least_request: { choiceCount: 3 } }] },
      }],
    },
  }],
  methodConfig: [
    { name: [{ service: "a.B", method: "C" }], timeout: "1s", waitForReady: true, maxRequestMessageBytes: 1 },
    {
      name: [{ service: "a.B" }, {}],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.1s",
        maxBackoff: "1s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE", 4],
      },
    },
    { hedgingPolicy: { maxAttempts: 3, hedgingDelay: "1s", nonFatalStatusCodes: ["INTERNAL"] } },
  ],
  retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
  healthCheckConfig: { serviceName: "" },
  connectionScaling: { maxConnectionsPerSubchannel: 3 },
});

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  "",
  "x",
  "1s",
  "NaN",
  [],
  [[]],
  {},
  { a: 1 },
  { constructor: {} },
  ["x"],
];

/** Every object and list of `value`. */
function* places(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* places(inner);
}

/** WHOLE with one to three values that are something else, gone, or called "__proto__". */
function spoilt(random: SeededRandom): string {
  const config = JSON.parse(WHOLE);
  for (let times = random.between(1, 3); times > 0; times--) {
    const all = [...places(config)].filter((place) => Object.keys(place).length > 0);
    const place = all[random.below(all.length)]!;
    const keys = Object.keys(place);
    const key = keys[random.below(keys.length)]!;
    const what = random.below(ODD.length + 2);
    if (what === ODD.length) delete place[key];
    else if (what === ODD.length + 1) {
      {
        Object.defineProperty(place, "__proto__", {
          value: [],
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    } else place[key] = structuredClone(ODD[what]);
  }
  return JSON.stringify(config);
}

test("[C26] a config with anything in it is read, or refused as a whole with its field; seeds 1 to 3000", () => {
  readConfig(WHOLE);
  let read = 0;
  for (let seed = 1; seed <= 3_000; seed++) {
    const text = spoilt(new SeededRandom(seed));
    try {
      const config = readConfig(text);
      for (const path of ["/a.B/C", "/a.B/D", "/x/y", "", "/", "__proto__"]) {
        assert(config.methodConfig(path) !== undefined);
      }
      read++;
    } catch (error) {
      assert(error instanceof ServiceConfigError, `seed ${seed}: ${error} of ${text}`);
      assert(
        !/undefined|\[object|NaN \(|Cannot read prop/.test(error.problem),
        `seed ${seed}: ${error.message}`,
      );
    }
  }
  assertEquals([read > 100, read < 2_900], [true, true]);
});
