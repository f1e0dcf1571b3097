// What of grpc-js's API needs no connection: metadata, options, definitions, enumerations, builders.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import grpc, {
  type CallOptions,
  loadPackageDefinition,
  makeGenericClientConstructor,
  Metadata,
  type PackageDefinition,
  type ServiceDefinition,
  StatusBuilder,
} from "pollwire/grpc-js";
import * as all from "pollwire/grpc-js";
import { HeaderList } from "../../../../transport/mod.ts";
import { interceptedCall } from "../../../../surface/adapters/grpc_js/client_interceptors.ts";
import { ServedCall } from "../../../../surface/adapters/grpc_js/served_call.ts";
import type { ServedOctets } from "../../../../surface/adapters/grpc_js/served_octets.ts";
import { channelOptions, serverOptions } from "../../../../surface/adapters/grpc_js/channel_options.ts";
import { earlier, msUntil } from "../../../../surface/adapters/grpc_js/deadline.ts";
import { later } from "../../../../surface/adapters/grpc_js/later.ts";
import { appLogger } from "../../../../surface/adapters/grpc_js/logging.ts";
import { CallSites } from "../../../../surface/adapters/grpc_js/status.ts";
import { fieldsOf, fromHeaders, headersOf } from "../../../../surface/adapters/grpc_js/metadata.ts";
import { runtime, test } from "../../../harness.ts";

test("grpc-js: metadata is a map of names to lists", () => {
  const metadata = new Metadata();
  metadata.set("Key", "a");
  metadata.add("kEY", "b");
  metadata.add("data-bin", Buffer.from([1, 255]));
  assertEquals(metadata.get("KEY"), ["a", "b"]);
  assertEquals(metadata.get("none"), []);
  assertEquals(Object.keys(metadata.getMap()), ["key", "data-bin"]);
  assertEquals(metadata.toHttp2Headers(), { "key": ["a", "b"], "data-bin": ["Af8="] });
  const clone = metadata.clone();
  clone.remove("KEY");
  (clone.get("data-bin")[0] as Buffer)[0] = 9;
  assertEquals([metadata.get("key").length, (metadata.get("data-bin")[0] as Buffer)[0]], [2, 1]);
  clone.merge(metadata);
  assertEquals([clone.get("key"), clone.get("data-bin").length], [["a", "b"], 2]);
  clone.set("key", "c");
  assertEquals(metadata.get("key"), ["a", "b"]);
  metadata.setOpaque("grpc.x", 1);
  assertEquals(metadata.getOpaque("grpc.x"), 1);
  metadata.setOptions({ waitForReady: true });
  assertEquals(metadata.clone().getOptions(), { waitForReady: true });
  const found = Metadata.fromHttp2Headers({ ":path": "/", "a": ["1", "2"], "b-bin": "AQ==, Ag==", "c": "é" });
  assertEquals(found.toHttp2Headers(), { "a": ["1", "2"], "b-bin": ["AQ==", "Ag=="] });
});

test("grpc-js: metadata that cannot be sent is refused in grpc-js's words", () => {
  const metadata = new Metadata();
  assertThrows(() => metadata.set("ü", "x"), Error, "contains illegal characters");
  assertThrows(() => metadata.set("a", "token\n"), Error, 'value of "a" contains illegal characters');
  assertThrows(() => metadata.add("a", Buffer.from("x")), Error, "must have String values");
  assertThrows(() => metadata.add("a-bin", "x"), Error, "must have Buffer values");
});

test("grpc-js: metadata goes over the wire and comes back, without the protocol's own names", () => {
  const metadata = new Metadata();
  metadata.add("a", "1");
  metadata.add("a", "2");
  metadata.add("b-bin", Buffer.from([0, 1]));
  metadata.add("grpc-timeout", "1S");
  const back = fromHeaders(headersOf(metadata)!);
  assertEquals([back.get("a"), [...back.get("b-bin")[0] as Buffer]], [["1", "2"], [0, 1]]);
  assert(Buffer.isBuffer(back.get("b-bin")[0]));
  assertEquals(back.get("grpc-timeout"), []);
  assertEquals([fieldsOf(null), headersOf(undefined)], [[], undefined]);
  assertEquals(fromHeaders(HeaderList.ofStrings(["x", "caf\xe9"])).get("x"), ["caf\xe9"]);
});

test("grpc-js: options of channels are ours by other names, and unknown ones have no effect", () => {
  const { logger: _logger, ...options } = channelOptions({
    "grpc.default_authority": "shop.example",
    "grpc.primary_user_agent": "shop/1",
    "grpc.secondary_user_agent": "lib/2",
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": 100,
    "grpc.enable_retries": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.client_idle_timeout_ms": 5,
    "grpc.initial_reconnect_backoff_ms": 0,
    "grpc.default_compression_algorithm": all.compressionAlgorithms.gzip,
    "grpc.max_metadata_size": 4096,
    "grpc.unheard_of": true,
    "pollwire.poller": "native",
  });
  assertEquals(options, {
    authority: "shop.example",
    userAgent: "shop/1 lib/2",
    keepalive: { timeMs: 20_000, permitWithoutCalls: true },
    maxReceiveMessageBytes: Infinity,
    maxSendMessageBytes: 100,
    enableRetries: false,
    proxy: false,
    shareConnections: false,
    idleTimeoutMs: 1_000,
    initialBackoffMs: 1,
    compression: "gzip",
    settings: { maxHeaderListSize: 4096 },
    poller: "native",
  });
  assertEquals(Object.keys(channelOptions({})).sort(), ["logger", "maxReceiveMessageBytes"]);
  const server = serverOptions({ "grpc.max_connection_age_ms": 1_000, "grpc.max_concurrent_streams": 7 });
  assertEquals([server.maxConnectionAgeMs, server.settings], [1_000, { maxConcurrentStreams: 7 }]);
});

test("grpc-js: an attempt to connect may take as long as grpc.min_reconnect_backoff_ms says", () => {
  const timeoutOf = (least: number, initial?: number) =>
    channelOptions({
      "grpc.min_reconnect_backoff_ms": least,
      ...(initial === undefined ? {} : { "grpc.initial_reconnect_backoff_ms": initial }),
    }).handshakeTimeoutMs;
  assertEquals([timeoutOf(3_000), timeoutOf(0), timeoutOf(20), timeoutOf(20, 5)], [
    3_000,
    Infinity,
    1_000,
    20,
  ]);
});

test("grpc-js: a service config may have what only grpc-js allows", () => {
  const read = (config: object): unknown => {
    const { serviceConfig } = channelOptions({ "grpc.service_config": JSON.stringify(config) });
    return JSON.parse(serviceConfig as string);
  };
  const methodConfig = [{ name: [], timeout: { seconds: 1, nanos: 500_000_000 } }, {
    name: [],
    timeout: "2s",
  }];
  assertEquals(read({ loadBalancingConfig: [], methodConfig }), {
    methodConfig: [{ name: [], timeout: "1.500000000s" }, { name: [], timeout: "2s" }],
  });
  const policy = { base_ejection_time: { seconds: 3 }, child_policy: [{ round_robin: {} }] };
  assertEquals(read({ loadBalancingConfig: [{ outlier_detection: policy }] }), {
    loadBalancingConfig: [{
      outlier_detection: { baseEjectionTime: "3.000000000s", childPolicy: [{ round_robin: {} }] },
    }],
  });
  const weighted = { enable_oob_load_report: true, oob_load_reporting_period: "0.1s" };
  assertEquals(read({ loadBalancingConfig: [{ weighted_round_robin: weighted }] }), {
    loadBalancingConfig: [{
      weighted_round_robin: { enableOobLoadReport: true, oobReportingPeriod: "0.1s" },
    }],
  });
  const asMessage = { seconds: "2", nanos: 1 };
  assertEquals(read({ loadBalancingConfig: [], methodConfig: [{ name: [], timeout: asMessage }] }), {
    methodConfig: [{ name: [], timeout: "2.000000001s" }],
  });
});

test("grpc-js: durations of a service config that are out of range are refused", () => {
  const wrong = [
    { seconds: -1, nanos: 0 },
    { seconds: 1_000_000_000_000, nanos: 0 },
    { seconds: 1, nanos: -1 },
    { seconds: 0, nanos: 1_000_000_000 },
    { seconds: "1.5" },
    { seconds: 1, nanos: 0, hours: 1 },
  ];
  for (const interval of wrong) {
    const config = JSON.stringify({ loadBalancingConfig: [{ outlier_detection: { interval } }] });
    assertThrows(
      () =>
        new all.Channel("127.0.0.1:1", all.credentials.createInsecure(), { "grpc.service_config": config }),
      Error,
      "outlier_detection.interval is ",
    );
  }
});

const method = {
  path: "/a.b.C/Do",
  requestStream: false,
  responseStream: false,
  requestSerialize: (text: string) => Buffer.from(text),
  requestDeserialize: String,
  responseSerialize: (text: string) => Buffer.from(text),
  responseDeserialize: String,
  originalName: "doIt",
};

test("grpc-js: definitions become classes of clients, in objects by package", () => {
  const type = { format: "Protocol Buffer 3 DescriptorProto", type: {}, fileDescriptorProtos: [] };
  const loaded = loadPackageDefinition(
    {
      "a.b.C": { Do: method },
      "a.b.D": { format: method },
      "a.b.T": type,
      "__proto__.x": type,
    } as unknown as PackageDefinition,
  ) as unknown as {
    a: { b: { C: all.ServiceClientConstructor; D: all.ServiceClientConstructor; T: object } };
  };
  const { C, D, T } = loaded.a.b;
  assertEquals(D.prototype["format"].path, "/a.b.C/Do");
  assert(!("x" in {}));
  assertStrictEquals(T, type);
  assertEquals([C.serviceName, C.service["Do"]!.path], ["C", "/a.b.C/Do"]);
  assertStrictEquals(C.prototype["Do"], C.prototype["doIt"]);
  assertEquals(C.prototype["Do"].path, "/a.b.C/Do");
  const client = new C("127.0.0.1:1", all.credentials.createInsecure());
  assert(client instanceof all.Client);
  assertStrictEquals(all.getClientChannel(client), client.getChannel());
  assertThrows(() => client["Do"]("x", {} as CallOptions), Error, "Incorrect arguments passed");
  all.closeClient(client);
  assertThrows(
    () => makeGenericClientConstructor({ $a: method } as ServiceDefinition, "X"),
    Error,
    "Method names cannot start with $",
  );
});

test("grpc-js: options may be null", () => {
  const credentials = all.credentials.createInsecure();
  const client = new all.Client("127.0.0.1:1", credentials, null);
  const channel = new all.Channel("127.0.0.1:1", credentials, null);
  assertEquals([client, channel].map((one) => one.close()), [undefined, undefined]);
  assertThrows(
    () => new all.Channel("127.0.0.1:1", credentials, "x" as never),
    TypeError,
    "must be an object",
  );
});

test("grpc-js: a serializer that gives no octets fails its call, on either side", () => {
  const ended: unknown[] = [];
  const textual = { ...method, requestSerialize: () => "text" as never, responseSerialize: () => 1 as never };
  const channel = {
    createCall: () => ({ cancelWithStatus: (...status: unknown[]) => ended.push(status) }),
  } as unknown as all.ChannelInterface;
  interceptedCall(channel, textual, {}, { interceptors: [], providers: [] }).sendMessage("a");
  const served = new ServedCall(textual, false, () => {});
  served.onBegin({ finishWith: (...status: unknown[]) => ended.push(status) } as unknown as ServedOctets);
  served.sendMessage("a", () => {});
  assertEquals(ended, [
    [13, 'Request message serialization failure: its serializer gave the string "text", not a Buffer'],
    [13, "Error serializing response", []],
  ]);
});

test("grpc-js: a second response is one too many, whether it can be read or not", () => {
  const ended: unknown[] = [];
  let below: all.InterceptingListener | undefined;
  const channel = {
    createCall: () => ({
      start: (_metadata: unknown, listener: all.InterceptingListener) => void (below = listener),
      startRead: () => {},
      cancelWithStatus: (...status: unknown[]) => ended.push(status),
    }),
  } as unknown as all.ChannelInterface;
  const responseDeserialize = (octets: Buffer): string => {
    if (octets.length === 0) throw new Error("empty");
    return String(octets);
  };
  const none = { interceptors: [], providers: [] };
  interceptedCall(channel, { ...method, responseDeserialize }, {}, none).start(new Metadata(), {});
  below!.onReceiveMessage(Buffer.from("one"));
  below!.onReceiveMessage(Buffer.alloc(0));
  assertEquals(ended, [[12, "Too many responses received"]]);
});

test("grpc-js: interceptors that are no list of functions, and a parent that is no call, are refused", () => {
  const plain = all.credentials.createInsecure();
  const client = new all.Client("localhost:1", plain, { interceptors: null } as never);
  const one = new Uint8Array() as never;
  const call = (options: object) =>
    client.makeUnaryRequest(
      "/a.B/C",
      (one: Buffer) => one,
      (one) => one,
      one,
      new Metadata(),
      options,
      () => {},
    );
  for (const wrong of [{}, 5, "x", () => {}, [5]]) {
    for (const name of ["interceptors", "interceptor_providers"]) {
      const given = { [name]: wrong } as never;
      const says = "must be an array of functions; found ";
      assertThrows(() => new all.Client("localhost:1", plain, given), TypeError, `${name} passed as options`);
      assertThrows(() => call(given), TypeError, `${name} passed as call options ${says}`);
    }
    const given = { interceptors: wrong } as never;
    assertThrows(() => new all.Server(given), TypeError, "interceptors passed as server options must be");
  }
  for (const parent of [5, {}, "x"]) {
    assertThrows(
      () => call({ parent }),
      TypeError,
      "parent must be the call that a handler of a server gets",
    );
  }
  new all.Server({ interceptors: null } as never);
  client.close();
});

test("grpc-js: servers refuse what is no service", () => {
  const server = new all.Server();
  assertThrows(() => server.addService({}, {}), Error, "Cannot add an empty service");
  assertThrows(() => server.addService(null as never, {}), Error, "requires two objects");
  const service = { Do: method } as ServiceDefinition;
  server.addService(service, { doIt: () => {}, more: () => {} });
  assertThrows(() => server.addService(service, {}), Error, "already provided");
  server.removeService(service);
  assertEquals(
    server.register("/x/y", () => {}, method.responseSerialize, method.requestDeserialize, "bidi"),
    true,
  );
  assertEquals([server.unregister("/x/y"), server.unregister("/x/y")], [true, false]);
  assertThrows(
    () => server.register("/x/y", () => {}, method.responseSerialize, method.requestDeserialize, "stream"),
    TypeError,
    'its type is the string "stream"; there are unary, ',
  );
  assertThrows(() => server.start(), Error, "must be bound");
  const plain = all.ServerCredentials.createInsecure();
  assertThrows(() => server.bindAsync(1 as never, plain, () => {}), TypeError, "port must be a string");
  assertThrows(() => server.bindAsync("x", {} as never, () => {}), TypeError, "creds must be");
  assertThrows(() => server.bind("x", plain), Error, "Use bindAsync");
  assertThrows(() => server.unbind("localhost:0"), Error, "port 0");
});

test("grpc-js: a method and a host that no request can have are refused", () => {
  const channel = new all.Channel("127.0.0.1:1", all.credentials.createInsecure(), {});
  const call = (method: unknown, host: unknown) => () =>
    channel.createCall(method as string, Infinity, host as string, null, null);
  for (const wrong of ["two words", "a\r\nx: y", "\u00e9", 5]) {
    assertThrows(call("/a.B/C", wrong), TypeError, "host must be a string of printable ASCII");
    assertThrows(call(wrong, null), TypeError, "method must be a string");
  }
  for (const host of ["a:80", "", null, undefined]) call("/a.B/C", host)();
  channel.close();
});

test("grpc-js: enumerations have numbers by name and names by number, and all is in the default export", () => {
  assertEquals([all.status.NOT_FOUND, all.status[5], all.connectivityState[2]], [5, "NOT_FOUND", "READY"]);
  assertEquals([all.propagate.DEFAULTS, all.logVerbosity.NONE], [0xffff, 3]);
  assertStrictEquals(grpc.Metadata, Metadata);
  assertThrows(() => grpc.load("x.proto"), Error, "proto-loader");
  const metadata = new Metadata();
  const built = new StatusBuilder().withCode(5).withDetails("none").withMetadata(metadata).build();
  assertEquals([built, new StatusBuilder().build()], [{ code: 5, details: "none", metadata }, {}]);
});

test("grpc-js: a deadline is a point of time", () => {
  assertEquals([msUntil(Infinity), msUntil(undefined), msUntil(null)], [undefined, undefined, undefined]);
  const passed = [NaN, new Date(NaN), -Infinity, 0, Date.now() - 1_000];
  assertEquals(passed.map(msUntil), [0, 0, 0, 0, 0]);
  const at = new Date(Date.now() + 10_000);
  assert(Math.abs(msUntil(at)! - 10_000) < 1_000);
  assertStrictEquals(earlier(at, Infinity), at);
  assertStrictEquals(earlier(at, 5), 5);
});

test("grpc-js: the first calls of a client remember where they were made, and those after one that failed", () => {
  const sites = new CallSites();
  const remembered = (): number => {
    let count = 0;
    while (sites.next() !== undefined) count++;
    return count;
  };
  assertEquals(remembered(), 100);
  const failed = { code: all.status.ABORTED, details: "d", metadata: new Metadata() };
  assertEquals(sites.failure(failed, undefined).stack?.includes("no stack trace available"), true);
  assertEquals(remembered(), 100);
});

test("grpc-js: what one callback throws does not keep others from being called", async () => {
  const seen: number[] = [];
  const thrown = new Promise<unknown>((resolve) => {
    const uncaught = (error: unknown): void => {
      process.off("uncaughtException", uncaught);
      resolve(error);
    };
    process.on("uncaughtException", uncaught);
  });
  later(() => seen.push(1));
  later(() => {
    throw new Error("of the app");
  });
  later(() => seen.push(2));
  assertEquals(seen, []);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(seen, [1, 2]);
  assertEquals((await thrown as Error).message, "of the app");
}, {
  skip: runtime === "bun"
    ? "Bun's runner fails a test for what is uncaught, whoever listens for it"
    : undefined,
});

test("grpc-js: an application's logger gets messages of a severity", () => {
  const lines: string[] = [];
  all.setLogger({
    error: (line: string) => lines.push(`E ${line}`),
    info: (line: string) => lines.push(`I ${line}`),
  });
  all.setLogVerbosity(all.logVerbosity.INFO);
  appLogger.debug("a");
  appLogger.info("b");
  appLogger.warn("c");
  all.setLogVerbosity(all.logVerbosity.ERROR);
  appLogger.info("d");
  appLogger.error("e");
  assertEquals(lines, ["I b", "E c", "E e"]);
  all.setLogger(console);
});
