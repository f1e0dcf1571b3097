import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { errorDetails, RpcError, statusDetail } from "../../../mod.ts";
import { jsonText } from "../../../surface/cli/json_output.ts";
import { failureJson, failureLines } from "../../../surface/cli/rpc_failure.ts";
import { printable } from "../../../surface/cli/text.ts";
import { test } from "../../harness.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";
import { SHOP_PROTO, withShop } from "./shop.ts";

const AT = "inprocess:cli-call";
const call = (method: string, ...rest: string[]): string[] => [
  "call",
  AT,
  `shop.v1.Cart/${method}`,
  "--proto",
  SHOP_PROTO,
  ...rest,
];

test("call sends JSON and prints a line of JSON a response, of every kind of method", async () => {
  await withShop(async () => {
    assertEquals(await pollwire(call("Get", "-d", '{"id": "7"}')), {
      code: 0,
      out: '{"id":"7","price":"12","blob":"AQL/","kind":"KIND_BOOK","tags":["a","b"]}\n',
      err: "",
    });
    assertEquals(
      (await pollwire(call("List", "-d", '{"id":"x","count":2}'))).out,
      '{"id":"x0"}\n{"id":"x1","price":"1"}\n',
    );
    assertEquals((await pollwire(call("Add", "-d", '{"price":1} {"price":"2"}'))).out, '{"price":"3"}\n');
    assertEquals(
      (await pollwire(call("Chat", "-d", '{"id":"a"}{"id":"b"}'))).out,
      '{"id":"a"}\n{"id":"b"}\n',
    );
    // Without -d: the empty message, or no message.
    assertEquals((await pollwire(call("Get"))).code, 0);
    assertEquals((await pollwire(call("Add", "-emit-defaults"))).out, '{"price":"0"}\n');
  }, AT);
});

test("-d @ reads stdin, and each message is sent when it is typed", async () => {
  await withShop(async () => {
    const terminal = new FakeTerminal();
    let answered: () => void = () => {};
    terminal.out.onWrite = () => answered();
    async function* typed(): AsyncGenerator<Uint8Array> {
      for (const id of ["a", "b"]) {
        const answer = new Promise<void>((resolve) => answered = resolve);
        yield new TextEncoder().encode(`{"id":"${id}"}\n`);
        await answer; // the next line is typed once the answer is there
      }
    }
    terminal.typed = typed();
    const { code, out } = await pollwire(call("Chat", "-d", "@"), terminal);
    assertEquals([code, out], [0, '{"id":"a"}\n{"id":"b"}\n']);
  }, AT);
});

test("metadata goes with the call, and -v says on stderr what was sent and received", async () => {
  await withShop(async (shop) => {
    const { code, out, err } = await pollwire(
      call("Get", "-H", "x-a: 1", "-rpc-header", "x-b-bin: AQI=", "-v"),
    );
    assertEquals(code, 0);
    assertEquals([shop.seen["x-a"], shop.seen["x-b-bin"]], ["1", new Uint8Array([1, 2])]);
    assert(out.startsWith("{"));
    assertEquals(
      err,
      `* shop.v1.Cart/Get (unary), described by ${SHOP_PROTO}\n> x-a: 1\n> x-b-bin: AQI=\n* OK, 1 response\n`,
    );
    const failed = await pollwire(call("Get", "-d", '{"id":"none"}', "-v"));
    assertStringIncludes(failed.err, "< trailer x-why: sold\n");
  }, AT);
});

test("a status that is not OK is printed on stderr, and ends with 64 and its code", async () => {
  await withShop(async () => {
    const { code, out, err } = await pollwire(call("Get", "-d", '{"id":"none"}'));
    assertEquals([code, out], [69, ""]);
    assertStringIncludes(err, "error: NOT_FOUND: no such item\n  shop.v1.Cart/Get");
    const json = await pollwire(call("Get", "-d", '{"id":"none"}', "-format-error", "-compact"));
    assertEquals([json.code, json.err], [69, '{"code":5,"message":"no such item","details":[]}\n']);
  }, AT);
});

test("-max-time ends a call with DEADLINE_EXCEEDED, and Ctrl-C with 130", async () => {
  await withShop(async () => {
    const late = new FakeTerminal();
    late.typed = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const { code, err } = await pollwire(call("Chat", "-d", "@", "-max-time", "0.02"), late);
    assertEquals(code, 68);
    assertStringIncludes(err, "DEADLINE_EXCEEDED");
    const interrupted = new FakeTerminal();
    interrupted.typed = ['{"id":"a"}\n'];
    interrupted.out.onWrite = () => interrupted.interrupt();
    const ended = await pollwire(call("Chat", "-d", "@"), interrupted);
    assertEquals([ended.code, ended.err], [130, ""]);
  }, AT);
});

test("an output that is closed ends a long stream quietly", async () => {
  await withShop(async () => {
    const terminal = new FakeTerminal();
    let lines = 0;
    terminal.out.onWrite = () => ++lines === 3 && terminal.closeOutput();
    const { code, err } = await pollwire(call("List", "-d", '{"count":2000000}'), terminal);
    assertEquals([code, err], [141, ""]);
    assert(lines < 1_000, `${lines} lines`);
  }, AT);
});

test("a request that is wrong is refused with its path, and nothing or no more is sent", async () => {
  await withShop(async () => {
    for (
      const [method, data, says] of [
        ["Get", '{"ix": 1}', "Cannot read JSON of shop.v1.GetRequest.ix"],
        ["Get", '{"id": "a"} {}', "it takes one message, and there are more"],
        ["Add", '{"price": 1} {"price": "x"}', "(in message 2)"],
        ["Add", '{"price": 1', "the last one is cut off"],
        ["Get", "@no/such.json", "no/such.json"],
      ] as const
    ) {
      const { code, out, err } = await pollwire(call(method, "-d", data));
      assertEquals([code, out], [1, ""], data);
      assertStringIncludes(err, says);
    }
    assertEquals((await pollwire(call("Get", "-d", '{"ix": 1}', "-allow-unknown-fields"))).code, 0);
  }, AT);
});

test("an unknown service or method suggests the nearest", async () => {
  for (
    const [method, says] of [
      ["shop.v1.Cart/Gett", 'There is no method "Gett" in shop.v1.Cart; did you mean Get?'],
      ["shop.v1.Crt/Get", 'There is no service "shop.v1.Crt" in'],
      ["Cart/Get", "did you mean shop.v1.Cart?"],
    ]
  ) {
    const { code, err } = await pollwire(["call", AT, method!, "--proto", SHOP_PROTO]);
    assertEquals(code, 1);
    assertStringIncludes(err, says!);
  }
});

test("Ctrl-C ends a command that waits for what is typed, of every kind of method", () =>
  withShop(async () => {
    for (const [command, method] of [["call", "Get"], ["call", "Add"], ["bench", "Get"], ["bench", "Add"]]) {
      const terminal = new FakeTerminal();
      const next = (): Promise<never> => {
        terminal.interrupt();
        return new Promise(() => {});
      };
      terminal.typed = { [Symbol.asyncIterator]: () => ({ next }) };
      const given = [command!, AT, `shop.v1.Cart/${method}`, "-d", "@"];
      assertEquals(await pollwire(given, terminal), { code: 130, out: "", err: "" });
    }
  }, AT));

test("Ctrl-C ends a call whose responses nobody reads any more", () =>
  withShop(async () => {
    const terminal = new FakeTerminal();
    terminal.out.drained = (signal) => {
      const ended = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
      terminal.interrupt();
      return ended;
    };
    const { code, err } = await pollwire(call("List", "-d", '{"id": "x", "count": 3}'), terminal);
    assertEquals([code, err], [130, ""]);
  }, AT));

test("what is not written as a method is the command line's fault: a message and 2", async () => {
  for (const command of ["call", "bench"]) {
    for (
      const [method, service] of [["shop.v1.Cart", "shop.v1.Cart"], ["", "pkg.Service"], ["/", "pkg.Service"]]
    ) {
      assertEquals(await pollwire([command, AT, method!, "--proto", SHOP_PROTO]), {
        code: 2,
        out: "",
        err: `error: Cannot read "${method}": a method is written ${service}/Method\n` +
          `Try: pollwire help ${command}\n`,
      });
    }
  }
});

test("on a terminal responses are indented and coloured; what would move the cursor is escaped", async () => {
  await withShop(async () => {
    const terminal = new FakeTerminal();
    Object.assign(terminal.out, { isTerminal: true, colours: true });
    const { out } = await pollwire(call("Add", "-d", '{"price":"5"}'), terminal);
    assertEquals(out, '{\n  \x1b[36m"price"\x1b[39m: \x1b[32m"5"\x1b[39m\n}\n');
  }, AT);
  const { out } = new FakeTerminal();
  assertEquals(jsonText({ a: "\x1b[2J\x9b\u202e" }, out, false), '{"a":"\\u001b[2J\\u009b\\u202e"}');
  assertEquals(printable("a\x1b[2Jb\nc\u202e"), "a\\x1b[2Jb\nc\\u202e");
});

test("strings of any length and with any escapes are coloured", () => {
  const { out } = new FakeTerminal();
  Object.assign(out, { colours: true });
  const shown = (json: string) => jsonText({ [json]: [json, 1.5, null] }, out, false);
  for (const one of ["", '"', "\\", '\\"\\\\', 'a": 1', "A".repeat(9_000_000), '"'.repeat(3_000_000)]) {
    const quoted = JSON.stringify(one);
    const list = `[\x1b[32m${quoted}\x1b[39m,\x1b[33m1.5\x1b[39m,\x1b[33mnull\x1b[39m]`;
    assert(shown(one) === `{\x1b[36m${quoted}\x1b[39m:${list}}`, one.slice(0, 20));
  }
});

test("details of a status are printed as JSON, those of unknown types as base64", () => {
  const error = new RpcError("RESOURCE_EXHAUSTED", "too \x07many", {
    statusDetails: [
      statusDetail(errorDetails.ErrorInfo, { reason: "QUOTA", domain: "shop" }),
      { typeUrl: "type.googleapis.com/a.B", value: new Uint8Array([1, 2]) },
    ],
    method: "/a.S/M",
    peer: "127.0.0.1:1",
  });
  assertEquals(failureLines(error, new FakeTerminal().err), [
    "error: RESOURCE_EXHAUSTED: too \\x07many",
    "  a.S/M at 127.0.0.1:1",
    '  google.rpc.ErrorInfo: {"reason":"QUOTA","domain":"shop"}',
    '  a.B: "AQI="',
  ]);
  assertEquals(failureJson(error), {
    code: 8,
    message: "too \x07many",
    details: [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "QUOTA", domain: "shop" },
      { "@type": "type.googleapis.com/a.B", value: "AQI=" },
    ],
  });
});
