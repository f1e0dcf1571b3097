// What servers say of their load: with the status of a call, and by a stream of its own.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as grpc from "pollwire/grpc-js";
import { loadReportService } from "../../../../surface/services/load_report_service.ts";
import { test } from "../../../harness.ts";
import { app, bound, guideClient, libraries, type Note, outcome, run, service } from "./sides.ts";

const TRAILER = "endpoint-load-metrics-bin";
const { responseCodec } = loadReportService().methods.streamCoreMetrics;

/** The report in `octets`. */
function reported(octets: Uint8Array): object {
  return { ...responseCodec.decode(octets) };
}

const NOTHING = {
  cpuUtilization: 0,
  memUtilization: 0,
  applicationUtilization: 0,
  rpsFractional: 0,
  eps: 0,
  requestCost: {},
  utilization: {},
  namedMetrics: {},
};

type Recorder = grpc.PerRequestMetricRecorder;

function recordAll(recorder: Recorder): void {
  recorder.recordCPUUtilizationMetric(0.5);
  recorder.recordMemoryUtilizationMetric(0.25);
  recorder.recordApplicationUtilizationMetric(0.75);
  recorder.recordQpsMetric(10);
  recorder.recordEpsMetric(2);
  recorder.recordRequestCostMetric("rows", 1);
  recorder.recordRequestCostMetric("rows", 7);
  recorder.recordUtilizationMetric("disk", 0.1);
  recorder.recordNamedMetric("queue", -3);
}

const handlers = () => ({
  one(call: grpc.ServerUnaryCall<Note, Note>, respond: grpc.sendUnaryData<Note>) {
    const recorder = call.getMetricsRecorder();
    if (call.request.text === "all") recordAll(recorder);
    if (call.request.text === "fail") {
      recorder.recordEpsMetric(1);
      return respond({ code: grpc.status.ABORTED, details: "as asked" });
    }
    respond(null, call.request, new grpc.Metadata());
  },
});

/** The trailing metadata of a call. */
function trailersOf(client: grpc.ServiceClient, text: string): Promise<grpc.Metadata> {
  return new Promise((resolve) => {
    const call = client["one"]({ text }, () => {}) as grpc.ClientUnaryCall;
    call.on("status", ({ metadata }: grpc.StatusObject) => resolve(metadata));
  });
}

const RECORDING = { server: { "grpc.server_call_metric_recording": 1 } };

app("what a handler records of its call comes with the status", handlers, async ({ client }) => {
  const [octets, ...others] = (await trailersOf(client, "all")).get(TRAILER);
  assertEquals([others, reported(octets as Buffer)], [[], {
    cpuUtilization: 0.5,
    memUtilization: 0.25,
    applicationUtilization: 0.75,
    rpsFractional: 10,
    eps: 2,
    requestCost: { rows: 7 },
    utilization: { disk: 0.1 },
    namedMetrics: { queue: -3 },
  }]);
  const failed = (await trailersOf(client, "fail")).get(TRAILER);
  assertEquals(failed.map((one) => reported(one as Buffer)), [{ ...NOTHING, eps: 1 }]);
  const none = (await trailersOf(client, "")).get(TRAILER);
  assertEquals(none.map((one) => reported(one as Buffer)), [NOTHING]);
}, RECORDING);

app(
  "what a handler records is not sent where the server has no such option",
  handlers,
  async ({ client }) => {
    assertEquals((await trailersOf(client, "all")).get(TRAILER), []);
  },
);

test("grpc-js: calls of every kind have a recorder, also under interceptors, and of nothing there is a report", async () => {
  const recorders = new Set<Recorder>();
  const recorded = (call: grpc.ServerSurfaceCall): void => {
    assert(call.getMetricsRecorder() === call.getMetricsRecorder());
    recorders.add(call.getMetricsRecorder());
  };
  const kinds = () => ({
    one(call: grpc.ServerUnaryCall<Note, Note>, respond: grpc.sendUnaryData<Note>) {
      if (call.request.text !== "") recorded(call);
      respond(null, {});
    },
    down(call: grpc.ServerWritableStream<Note, Note>) {
      recorded(call);
      call.end();
    },
    up(call: grpc.ServerReadableStream<Note, Note>, respond: grpc.sendUnaryData<Note>) {
      recorded(call);
      respond(null, {});
    },
    both(call: grpc.ServerDuplexStream<Note, Note>) {
      recorded(call);
      call.end();
    },
  });
  const passing: grpc.ServerInterceptor = (_method, next) => new grpc.ServerInterceptingCall(next);
  const server = { interceptors: [passing], ...RECORDING.server };
  await run(libraries.ours, libraries.ours, kinds, async ({ client }) => {
    const reports: number[] = [];
    const ended = (call: grpc.ClientUnaryCall | grpc.ClientReadableStream<Note>) =>
      new Promise<void>((resolve) => {
        call.on("status", ({ metadata }: grpc.StatusObject) => {
          reports.push(metadata.get(TRAILER).length);
          resolve();
        });
        if ("resume" in call) call.resume();
      });
    await ended(client["one"]({ text: "" }, () => {}));
    await ended(client["one"]({ text: "x" }, () => {}));
    await ended(client["down"]({}));
    await ended(client["up"](() => {}));
    await ended(client["both"]());
    assertEquals([reports, recorders.size], [[1, 1, 1, 1, 1], 4]);
  }, { server });
});

test("grpc-js: what is no number is not recorded", () => {
  const recorder = new grpc.ServerMetricRecorder();
  assertThrows(
    () => recorder.setQpsMetric("9" as never),
    TypeError,
    'Cannot record the calls a second: expected a number, found the string "9"',
  );
  assertThrows(() => recorder.putUtilizationMetric("disk", undefined as never), TypeError, '"disk"');
  assertThrows(() => recorder.setAllUtilizationMetrics({ disk: "6" as never }), TypeError, '"disk"');
});

/** The next reports of the server at `port`, up to the one of which `isLast` says so. */
async function reportsOf(
  port: number,
  request: object,
  isLast: (report: object, count: number) => boolean,
): Promise<object[]> {
  const { streamCoreMetrics } = loadReportService().methods;
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const call = client.makeServerStreamRequest(
    streamCoreMetrics.path,
    () => Buffer.from(streamCoreMetrics.requestCodec.encode(request)),
    reported,
    {},
  );
  call.on("error", () => {});
  const reports: object[] = [];
  for await (const report of call) {
    if (isLast(report, reports.push(report))) break;
  }
  call.cancel();
  client.close();
  return reports;
}

test("grpc-js: a server reports its load by a stream of its own, as often as it is asked to", async () => {
  const server = new grpc.Server();
  const recorder = new grpc.ServerMetricRecorder();
  recorder.addToServer(server);
  assertThrows(() => recorder.addToServer(server), Error, "already provided");
  const port = await bound(server, grpc.ServerCredentials.createInsecure());
  recorder.setCpuUtilizationMetric(2);
  recorder.setApplicationUtilizationMetric(3);
  recorder.setQpsMetric(4);
  recorder.setEpsMetric(5);
  recorder.setAllUtilizationMetrics({ disk: 6, memory: 7 });
  recorder.putUtilizationMetric("net", 8);
  recorder.deleteUtilizationMetric("memory");
  const begin = Date.now();
  const request = { reportInterval: { seconds: 0n, nanos: 40_000_000 } };
  const reports = await reportsOf(port, request, (report, count) => {
    if (count > 1) return !("disk" in (report as { utilization: object }).utilization);
    recorder.deleteCpuUtilizationMetric();
    recorder.deleteApplicationUtilizationMetric();
    recorder.deleteQpsMetric();
    recorder.deleteEpsMetric();
    recorder.setAllUtilizationMetrics({});
    return false;
  });
  assert(Date.now() - begin >= 40 * reports.length - 5);
  assertEquals(reports[0], {
    ...NOTHING,
    cpuUtilization: 2,
    applicationUtilization: 3,
    rpsFractional: 4,
    eps: 5,
    utilization: { disk: 6, net: 8 },
  });
  assertEquals(reports.at(-1), NOTHING);
  // However often it is asked to, it has a pause.
  const eager = Date.now();
  await reportsOf(port, { reportInterval: { seconds: 0n, nanos: 0 } }, (_report, count) => count === 3);
  assert(Date.now() - eager >= 25);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});

test("grpc-js: weighted_round_robin goes by what the API's own servers report", async () => {
  const servers: grpc.Server[] = [];
  const ports: number[] = [];
  for (const load of [1, 3]) {
    const server = new grpc.Server();
    const recorder = new grpc.ServerMetricRecorder();
    recorder.addToServer(server);
    recorder.setQpsMetric(1);
    recorder.setApplicationUtilizationMetric(load);
    server.addService(service, {
      one: (_call: unknown, respond: grpc.sendUnaryData<Note>) => respond(null, { number: load }),
    } as grpc.UntypedServiceImplementation);
    servers.push(server);
    ports.push(await bound(server, grpc.ServerCredentials.createInsecure()));
  }
  const weighted = {
    enable_oob_load_report: true,
    oob_load_reporting_period: { seconds: "0", nanos: 10_000_000 },
    blackout_period: "0s",
    weight_update_period: "0.1s",
  };
  const config = JSON.stringify({ loadBalancingConfig: [{ weighted_round_robin: weighted }] });
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
  const options = { "grpc.service_config": config };
  const client = new (guideClient(libraries.ours))(target, grpc.credentials.createInsecure(), options);
  const shares = async (): Promise<number> => {
    let light = 0;
    for (let i = 0; i < 40; i++) {
      const { value } = await outcome((done) => client["one"]({}, done));
      if (value!.number === 1) light++;
    }
    return light;
  };
  // Three quarters of the calls, once both have reported.
  const deadline = Date.now() + 10_000;
  while (Math.abs(await shares() - 30) > 1) {
    assert(Date.now() < deadline, "the calls are not shared by the reported load");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  client.close();
  for (const server of servers) server.forceShutdown();
});
