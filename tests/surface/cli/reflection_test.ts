import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  loadProto,
  packAny,
  parseProto,
  Reflection,
  reflectionService,
  RpcError,
  Server,
  statusDetail,
} from "../../../mod.ts";
import { descriptorCodecs } from "../../../surface/proto/descriptor/descriptor_types.ts";
import { missingImports } from "../../../surface/cli/schema/missing_imports.ts";
import type { ProtoFile } from "../../../surface/proto/proto_file.ts";
import { test } from "../../harness.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";
import { SHOP_PROTO, withShop } from "./shop.ts";

const AT = "inprocess:cli-reflection";

/** Runs `body` with a server of `setUp`. */
async function withServer(setUp: (server: Server) => void, body: () => Promise<void>): Promise<void> {
  const server = new Server();
  setUp(server);
  await server.listen(AT);
  try {
    await body();
  } finally {
    server.close();
  }
}

/** Files by name, with all that they import. */
function filesOf(file: ProtoFile, into = new Map<string, ProtoFile>()): Map<string, ProtoFile> {
  into.set(file.name, file);
  for (const one of file.imports) filesOf(one, into);
  return into;
}

test("list, describe and call learn from reflection what a server has", async () => {
  await withShop(async () => {
    const { code, out, err } = await pollwire(["list", AT]);
    assertEquals([code, err], [0, ""]);
    for (const name of ["shop.v1.Cart", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"]) {
      assertStringIncludes(`\n${out}`, `\n${name}\n`);
    }
    const methods = await pollwire(["list", AT, "shop.v1.Cart"]);
    assertEquals(methods.out.split("\n")[0], "shop.v1.Cart/Get");
    const described = await pollwire(["describe", AT, "shop.v1.Item"]);
    assertStringIncludes(described.out, "  google.protobuf.Timestamp sold_at = 6;\n");
    const value = await pollwire(["describe", AT, "shop.v1.Cart.Old"]);
    assertStringIncludes(value.out, "option deprecated = true;");
    const called = await pollwire(["call", AT, "shop.v1.Cart/Add", "-d", '{"price":1}{"price":2}']);
    assertEquals(called, { code: 0, out: '{"price":"3"}\n', err: "" });
    const wrong = await pollwire(["call", AT, "shop.v1.Carts/Add"]);
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.err, "in the server's reflection; did you mean shop.v1.Cart?");
  }, AT);
});

test("types of an error's details are not waited for where the server has gone", async () => {
  const { Cart } = await loadProto(SHOP_PROTO);
  const server = new Server();
  new Reflection(server);
  const gone = (): never => {
    setTimeout(() => void server.shutdown(), 0);
    const detail = { typeUrl: "type.googleapis.com/no.such.Type", value: new Uint8Array([8, 1]) };
    throw new RpcError("NOT_FOUND", "gone", { statusDetails: [detail] });
  };
  server.addService(Cart!, { get: gone, list: gone, add: gone, chat: gone });
  const target = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
  const { code, err } = await pollwire(["call", target, "shop.v1.Cart/Get", "--wait"]);
  assertEquals(code, 69);
  assertStringIncludes(err, '  no.such.Type: "CAE="\n');
  server.close();
  await server.shutdown();
});

test("headers of reflection go to reflection, and those of the call to the call", async () => {
  const seen: Record<string, string[]> = { reflection: [], call: [] };
  const { Cart } = await loadProto(SHOP_PROTO);
  await withServer((server) => {
    const note = (where: string) => (call: { metadata: Iterable<readonly [string, unknown]> }) =>
      seen[where]!.push(...[...call.metadata].map(([name]) => name).filter((name) => name.startsWith("x-")));
    server.addService(reflectionService("v1"), {
      async *serverReflectionInfo(requests, call) {
        note("reflection")(call);
        for await (const request of requests) {
          yield request.messageRequest === "fileContainingSymbol"
            ? {
              messageResponse: "fileDescriptorResponse" as const,
              fileDescriptorResponse: {
                fileDescriptorProto: [...filesOf(Cart!.file!).values()].map((one) => one.bytes()),
              },
            }
            : {
              messageResponse: "errorResponse" as const,
              errorResponse: { errorCode: 5, errorMessage: "no" },
            };
        }
      },
    });
    const none = () => ({});
    server.addService(Cart!, {
      get: (_: unknown, call: never) => (note("call")(call), {}),
      ...{ list: none, add: none, chat: none, old: none },
    } as never);
  }, async () => {
    const flags = ["-H", "x-both: 1", "-rpc-header", "x-call: 1", "-reflect-header", "x-reflection: 1"];
    assertEquals((await pollwire(["call", AT, "shop.v1.Cart/Get", ...flags])).code, 0);
    assertEquals(seen["reflection"], ["x-both", "x-reflection"]);
    assertEquals(seen["call"], ["x-both", "x-call"]);
  });
});

test("a server that has v1alpha alone, and sends one file at a time, is understood", async () => {
  const { Cart } = await loadProto(SHOP_PROTO);
  const files = filesOf(Cart!.file!);
  const asked: string[] = [];
  await withServer((server) =>
    server.addService(reflectionService("v1alpha"), {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          asked.push(request.fileByFilename ?? request.fileContainingSymbol ?? "");
          const name = request.fileByFilename ??
            (request.fileContainingSymbol === "shop.v1.Cart" ? "shop.proto" : "");
          const file = files.get(name);
          yield file === undefined
            ? {
              messageResponse: "errorResponse" as const,
              errorResponse: { errorCode: 5, errorMessage: "no" },
            }
            : {
              messageResponse: "fileDescriptorResponse" as const,
              fileDescriptorResponse: { fileDescriptorProto: [file.bytes()] },
            };
        }
      },
    }), async () => {
    const { code, out } = await pollwire(["describe", AT, "shop.v1.Cart/Get"]);
    assertEquals([code, out], [0, "// shop.v1.Cart.Get, shop.proto\nrpc Get(GetRequest) returns (Item);\n"]);
    // The method is found by its service, and google/protobuf/timestamp.proto is known already.
    assertEquals(asked.filter((name) => name.includes("timestamp")), []);
  });
});

test("descriptors without imports, as proto-loader makes them, are linked by the types they name", async () => {
  const { Cart } = await loadProto(SHOP_PROTO);
  const { file } = descriptorCodecs();
  const files = [...filesOf(Cart!.file!).values()].map((one) => file.decode(one.bytes())).map((one) =>
    file.encode({
      ...one,
      name: one.package === "google.protobuf" ? "google_protobuf.proto" : "shop_v1.proto",
      dependency: [],
    })
  );
  const terminal = new FakeTerminal();
  const set = descriptorCodecs().fileSet.encode({ file: files });
  terminal.readFile = () => Promise.resolve(set);
  const { code, out, err } = await pollwire(["describe", "-protoset", "x", "shop.v1.Item"], terminal);
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "google.protobuf.Timestamp sold_at = 6;");
});

test("names that a server makes up cannot move the cursor", async () => {
  await withServer((server) =>
    server.addService(reflectionService("v1"), {
      async *serverReflectionInfo(requests) {
        for await (const _ of requests) {
          const service = [{ name: "a\x1b[2J.B" }];
          yield { messageResponse: "listServicesResponse" as const, listServicesResponse: { service } };
        }
      },
    }), async () => {
    assertEquals(await pollwire(["list", AT]), { code: 0, out: "a\\x1b[2J.B\n", err: "" });
  });
});

test("imports that are missing are found from the innermost scope outwards", () => {
  const message = (name: string, typeName: string) => ({
    name,
    field: [{ name: "x", number: 1, type: 11, label: 1, typeName }],
  });
  const nested = (name: string, nestedName: string) => ({ name, nestedType: [{ name: nestedName }] });
  const files = [
    {
      name: "a",
      package: "p.q",
      messageType: [message("M", "T")],
      service: [{ name: "S", method: [{ inputType: ".r.U.V", outputType: "Z" }] }],
    },
    { name: "b", package: "p", messageType: [{ name: "T" }] },
    { name: "c", package: "", messageType: [{ name: "T" }], enumType: [{ name: "E" }] },
    {
      name: "d",
      package: "r",
      messageType: [nested("U", "V")],
      extension: [{ extendee: ".p.T", name: "e", number: 9 }],
    },
    {
      name: "e",
      package: "r",
      dependency: ["c"],
      messageType: [message("W", "E"), message("X", "missing.Type")],
    },
  ];
  assertEquals(missingImports(files), [["b", "d"], [], [], ["b"], []]);
});

test("a server without reflection is said to have none, with what can be done", async () => {
  await withServer(() => {}, async () => {
    for (const line of [["list", AT], ["describe", AT], ["call", AT, "a.B/C"], ["bench", AT, "a.B/C"]]) {
      const { code, out, err } = await pollwire(line);
      assertEquals([code, out], [76, ""], line.join(" "));
      assertStringIncludes(err, "by --proto or --protoset; in pollwire `new Reflection(server)` adds it");
    }
  });
});

test("descriptors that cannot be used are named, and end with 1", async () => {
  for (const octets of [[0xff], [0x0a, 0x01, 0x78, 0x1a, 0x01, 0x79]]) {
    await withServer((server) =>
      server.addService(reflectionService("v1"), {
        async *serverReflectionInfo(requests) {
          for await (const { fileByFilename } of requests) {
            yield fileByFilename === undefined
              ? {
                messageResponse: "fileDescriptorResponse" as const,
                fileDescriptorResponse: { fileDescriptorProto: [new Uint8Array(octets)] },
              }
              : {
                messageResponse: "errorResponse" as const,
                errorResponse: { errorCode: 5, errorMessage: "no" },
              };
          }
        },
      }), async () => {
      const { code, err } = await pollwire(["describe", AT, "a.B"]);
      assertEquals(code, 1);
      assert(err.startsWith("error: Cannot "), err);
      assert(err.split("\n").length <= 3, err);
    });
  }
});

test("descriptor sets say what there is in place of reflection", async () => {
  const { Cart } = await loadProto(SHOP_PROTO);
  const set = descriptorCodecs().fileSet.encode({
    file: [...filesOf(Cart!.file!).values()].map((one) => one.bytes()),
  });
  const terminal = (): FakeTerminal => {
    const made = new FakeTerminal();
    made.readFile = () => Promise.resolve(set);
    return made;
  };
  assertEquals((await pollwire(["list", "-protoset", "x.binpb"], terminal())).out, "shop.v1.Cart\n");
  const { out } = await pollwire(["describe", "-protoset", "x.binpb", "shop.v1.Total"], terminal());
  assertEquals(out, "// shop.v1.Total, shop.proto\nmessage Total {\n  int64 price = 1;\n}\n");
  const broken = new FakeTerminal();
  broken.readFile = () => Promise.resolve(new Uint8Array([0xff]));
  const { code, err } = await pollwire(["list", "-protoset", "x.binpb"], broken);
  assertEquals(code, 1);
  assertStringIncludes(err, "Cannot use x.binpb: ");
  assertEquals((await pollwire(["list", "-protoset", "x", "-proto", "y"])).code, 2);
});

test("messages inside Any, and details of a status, are shown where reflection knows their types", async () => {
  const { Box, messages } = parseProto(`
    syntax = "proto3"; package box; import "google/protobuf/any.proto";
    service Box { rpc Open(Content) returns (Content); }
    message Content { google.protobuf.Any any = 1; }
  `);
  const { Other, messages: others } = parseProto(
    `
    syntax = "proto3"; package other; service Other { rpc X(Thing) returns (Thing); } message Thing { string name = 1; }
  `,
    "other.proto",
  );
  assertEquals(Object.keys(messages).includes("box.Content"), true);
  const thing = others["other.Thing"]!;
  const typeUrl = "type.googleapis.com/other.Thing";
  let received: unknown;
  const { Reflection } = await import("../../../mod.ts");
  await withServer((server) => {
    new Reflection(server);
    server.addService(Other!, { x: (request: never) => request } as never);
    server.addService(Box!, {
      open({ any }: { any?: { typeUrl: string; value: Uint8Array } }) {
        received = any && thing.decode(any.value);
        if (any === undefined) {
          throw new RpcError("ABORTED", "empty", {
            statusDetails: [statusDetail(thing, { name: "detail" })],
          });
        }
        return { any: { typeUrl, value: thing.encode({ name: "inside" }) } };
      },
    } as never);
  }, async () => {
    const data = `{"any": {"@type": "${typeUrl}", "name": "sent"}}`;
    const { code, out, err } = await pollwire(["call", AT, "box.Box/Open", "-d", data]);
    assertEquals([code, err], [0, ""]);
    assertEquals(received, { name: "sent" });
    assertEquals(out, `{"any":{"@type":"${typeUrl}","name":"inside"}}\n`);
    const failed = await pollwire(["call", AT, "box.Box/Open"]);
    assertEquals(failed.code, 74);
    assertStringIncludes(failed.err, '  other.Thing: {"name":"detail"}');
  });
});

test("Anys inside Anys are shown and sent, of types that nothing else names", async () => {
  const any = 'import "google/protobuf/any.proto";';
  const { Outer } = parseProto(
    `syntax = "proto3"; package outer; ${any} service Outer { rpc Get(O) returns (O); rpc Fail(O) returns (O); }
    message O { google.protobuf.Any any = 1; }`,
    "outer.proto",
  );
  const middle = parseProto(
    `syntax = "proto3"; package middle; ${any} service S { rpc X(M) returns (M); } message M { google.protobuf.Any any = 1; }`,
    "middle.proto",
  );
  const inner = parseProto(
    'syntax = "proto3"; package inner; service S { rpc X(I) returns (I); } message I { int32 n = 1; }',
    "inner.proto",
  );
  const { "middle.M": M } = middle.messages, { "inner.I": I } = inner.messages;
  const content = { any: packAny(I!, { n: 5 }) };
  const { Reflection } = await import("../../../mod.ts");
  await withServer((server) => {
    new Reflection(server);
    for (const { S } of [middle, inner]) server.addService(S!, { x: (request: never) => request } as never);
    server.addService(Outer!, {
      get: ({ any }: { any?: unknown }) => ({ any: any ?? packAny(M!, content) }),
      fail() {
        throw new RpcError("ABORTED", "", { statusDetails: [statusDetail(M!, content)] });
      },
    } as never);
  }, async () => {
    const shown = '{"any":{"@type":"type.googleapis.com/inner.I","n":5}}';
    const json = `{"any":{"@type":"type.googleapis.com/middle.M",${shown.slice(1)}}\n`;
    assertEquals((await pollwire(["call", AT, "outer.Outer/Get"])).out, json);
    assertStringIncludes((await pollwire(["call", AT, "outer.Outer/Fail"])).err, `  middle.M: ${shown}`);
    const escaped = json.replaceAll("/", "\\/");
    assertEquals((await pollwire(["call", AT, "outer.Outer/Get", "-d", escaped])).out, json);
  });
});

test("messages of protobuf itself are sent and shown in an Any though no file of the server imports them", async () => {
  const { S } = parseProto(
    `syntax = "proto3"; package s; import "google/protobuf/any.proto"; service S { rpc Get(M) returns (M); }
    message M { google.protobuf.Any any = 1; }`,
    "s.proto",
  );
  const { Reflection } = await import("../../../mod.ts");
  await withServer((server) => {
    new Reflection(server);
    server.addService(S!, { get: (request: never) => request } as never);
  }, async () => {
    for (
      const [type, value] of [["Duration", '"1.500s"'], ["Int64Value", '"7"'], ["Struct", '{"a":[null]}']]
    ) {
      const json = `{"any":{"@type":"type.googleapis.com/google.protobuf.${type}","value":${value}}}`;
      const { code, out, err } = await pollwire(["call", AT, "s.S/Get", "-d", json]);
      assertEquals([code, out, err], [0, `${json}\n`, ""]);
    }
  });
});

test("an Any of a type that reflection does not know is shown with its octets, and nothing beside it is lost", async () => {
  const { S } = parseProto(
    `syntax = "proto3"; package s; import "google/protobuf/any.proto"; service S { rpc Get(M) returns (M); rpc List(M) returns (stream M); }
    message M { google.protobuf.Any any = 1; int32 n = 2; M inner = 3; }`,
    "s.proto",
  );
  const any = (name: string) => ({ typeUrl: `x/${name}`, value: new Uint8Array([1, 2, 3]) });
  const { Reflection } = await import("../../../mod.ts");
  let questions = 0;
  await withServer((server) => {
    new Reflection(server);
    server.addService(S!, {
      get: () => ({ any: any("no.Such"), n: 7, inner: { any: any("") } }),
      list: () => Array.from({ length: 20 }, () => ({ any: any("no.Such") })),
    } as never);
    server.intercept((next) => (call) => {
      if (call.path.includes("Reflection")) questions++;
      return next(call);
    });
  }, async () => {
    const { code, out, err } = await pollwire(["call", AT, "s.S/Get"]);
    assertEquals([code, err], [0, ""]);
    assertEquals(
      out,
      '{"any":{"@type":"x/no.Such","@value":"AQID"},"n":7,"inner":{"any":{"@type":"x/","@value":"AQID"}}}\n',
    );
    questions = 0;
    const list = await pollwire(["call", AT, "s.S/List"]);
    assertEquals([list.code, list.out.split("\n").length], [0, 21]);
    assert(questions < 10, `reflection was asked ${questions} times`);
    const unknown = await pollwire(["call", AT, "s.S/Get", "-d", '{"any": {"@type": "x/no.Such"}}']);
    const says = "is not in the server's reflection; give --proto files that declare it and the method";
    assertStringIncludes(unknown.err, `"x/no.Such" ${says}`);
  });
});
