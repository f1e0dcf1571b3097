import { assertEquals, assertStringIncludes } from "@std/assert";
import { healthService, Server } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";
import { withShop } from "./shop.ts";

const AT = "inprocess:cli-health";

test("health prints the status, and ends with 0 where it is SERVING and else with 1", async () => {
  await withShop(async ({ health }) => {
    health.set("shop.v1.Cart", "NOT_SERVING");
    assertEquals(await pollwire(["health", AT]), { code: 0, out: "SERVING\n", err: "" });
    assertEquals(await pollwire(["health", AT, "shop.v1.Cart"]), {
      code: 1,
      out: "NOT_SERVING  shop.v1.Cart\n",
      err: "",
    });
    assertEquals(await pollwire(["health", AT, "--list", "--json"]), {
      code: 1,
      out: '{"service":"","status":"SERVING"}\n{"service":"shop.v1.Cart","status":"NOT_SERVING"}\n',
      err: "",
    });
  }, AT);
});

test("health of a service that has no status names the nearest, with the status's exit code", async () => {
  await withShop(async ({ health }) => {
    health.set("shop.v1.Cart", "SERVING");
    const { code, out, err } = await pollwire(["health", AT, "shop.v1.Crt"]);
    assertEquals([code, out], [69, ""]);
    assertEquals(err, 'error: The server has no status of "shop.v1.Crt"; did you mean shop.v1.Cart?\n');
  }, AT);
});

test("health --watch prints each change with its time until Ctrl-C", async () => {
  await withShop(async ({ health }) => {
    const terminal = new FakeTerminal();
    const steps = [
      () => health.set("", "NOT_SERVING"),
      () => health.set("", "SERVING"),
      () => terminal.interrupt(),
    ];
    terminal.out.onWrite = () => steps.shift()?.();
    const { code, out, err } = await pollwire(["health", AT, "--watch", "--json"], terminal);
    assertEquals([code, err], [130, ""]);
    const statuses = out.trim().split("\n").map((line) => JSON.parse(line).status);
    assertEquals(statuses, ["SERVING", "NOT_SERVING", "SERVING"]);
    assertStringIncludes(out, '{"time":"2026-11-26T12:00:00.000Z"');
  }, AT);
});

test("health --json shows nothing that a terminal acts on", async () => {
  await withShop(async ({ health }) => {
    health.set("a\x9b2J\u202eb", "SERVING");
    const { out } = await pollwire(["health", AT, "--list", "--json"]);
    assertStringIncludes(out, '{"service":"a\\u009b2J\\u202eb","status":"SERVING"}\n');
  }, AT);
});

test("health prints a status that the protocol does not have as its number", async () => {
  const server = new Server();
  const answer = { status: 7 };
  server.addService(healthService(), {
    check: () => answer,
    list: () => ({ statuses: { "": answer } }),
    watch: () => [answer],
  });
  await server.listen(AT);
  try {
    for (const flags of [[], ["--list"]]) {
      assertEquals(await pollwire(["health", AT, ...flags]), { code: 1, out: "7\n", err: "" });
    }
    const { code, out } = await pollwire(["health", AT, "--watch", "--json"]);
    assertEquals([code, JSON.parse(out).status], [1, 7]);
  } finally {
    server.close();
  }
});

test("health says that a server has none, and why it cannot be reached", async () => {
  const server = new Server();
  await server.listen(AT);
  const without = await pollwire(["health", AT]);
  server.close();
  assertEquals(without.code, 76);
  assertStringIncludes(without.err, "has no health service (grpc.health.v1.Health)");
  const gone = await pollwire(["health", AT]);
  assertEquals(gone.code, 78);
  assertStringIncludes(gone.err, "error: UNAVAILABLE: ");
});

test("health --list and --watch say which method a server does not have that has Check", async () => {
  const server = new Server();
  server.addService(healthService(), { check: () => ({ status: "SERVING" }) });
  await server.listen("inprocess:cli-health-check");
  const asked = (...flags: string[]) => pollwire(["health", "inprocess:cli-health-check", ...flags]);
  assertEquals((await asked()).out, "SERVING\n");
  for (const [flag, method] of [["--list", "List"], ["--watch", "Watch"]] as const) {
    const { code, err } = await asked(flag);
    assertEquals(code, 76);
    assertStringIncludes(
      err,
      `does not serve grpc.health.v1.Health/${method}; without ${flag} it is asked for Check`,
    );
  }
  server.close();
});

test("health --list with --watch or a service is refused: the status of one of them would not be the exit code", async () => {
  for (const [more, says] of [["--watch", "--watch one"], ["shop.v1.Cart", 'ask for "shop.v1.Cart" alone']]) {
    const { code, out, err } = await pollwire(["health", "localhost:1", "--list", more!]);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, says!);
  }
});
