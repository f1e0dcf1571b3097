// Which address of a target is tried first: the one that served calls, and last those that served none.
import { assertEquals } from "@std/assert";
import type { SocketAddress } from "../../../pollers/mod.ts";
import { AddressOrder } from "../../../surface/channel/address_order.ts";
import { ErrorCode } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { goAway } from "../../transport/http2/wire.ts";
import { Bench } from "./connecting.ts";

const [a, b, c] = [1, 2, 3].map((n): SocketAddress => ({ family: "ipv4", host: `10.0.0.${n}`, port: 80 }));
const ALL = [a!, b!, c!];
const hosts = (addresses: SocketAddress[]) =>
  addresses.map((address) => "host" in address && address.host.slice(-1)).join("");

test("at first the resolver's order, and each address once", () => {
  const order = new AddressOrder();
  assertEquals(hosts(order.sort(ALL)), "123");
  assertEquals(hosts(order.sort([c!, a!, { ...c! }, a!])), "31");
  assertEquals(hosts(order.sort([])), "");
});

test("the address that served calls is first, the others keep their order", () => {
  const order = new AddressOrder();
  order.served(b!, true);
  assertEquals(hosts(order.sort(ALL)), "213");
  assertEquals(hosts(order.sort([a!, c!])), "13"); // it is no address of the target any more
  order.served(c!, true);
  assertEquals(hosts(order.sort(ALL)), "312");
  order.served(c!, false); // it asked its clients to leave
  assertEquals(hosts(order.sort(ALL)), "123");
});

test("addresses that served nothing have their turn after the others, the one that was tried last at the end", () => {
  const order = new AddressOrder();
  const firsts: boolean[] = [];
  for (const [address, then] of [[a!, "231"], [b!, "312"], [c!, "123"], [a!, "231"]] as const) {
    firsts.push(order.servedNothing(address));
    assertEquals(hosts(order.sort(ALL)), then);
  }
  assertEquals(firsts, [true, true, true, false]);
  order.served(c!, true);
  assertEquals(hosts(order.sort(ALL)), "312"); // all is forgiven
  assertEquals(order.servedNothing(a!), true);
});

test("an address that served calls and then nothing is preferred no more", () => {
  const order = new AddressOrder();
  order.served(b!, true);
  order.servedNothing(b!);
  assertEquals(hosts(order.sort(ALL)), "132");
});

test("a channel goes back to the address that was good, and not when the server said GOAWAY", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  const hole = bench.simulation.host();
  bench.simulation.network.blackHole(bench.client.hostAddress, hole.hostAddress);
  bench.simulation.network.names.set("service.test", [hole.hostAddress, bench.server.hostAddress]);
  await bench.listen();
  const connectMs = async (): Promise<number> => {
    const since = bench.simulation.now;
    bench.turn(() => bench.subchannel.connect());
    while (bench.subchannel.state !== "READY") await bench.pass(1);
    await bench.answeredCall();
    return bench.simulation.now - since - 20;
  };
  assertEquals(await connectMs() >= 250, true);
  bench.simulation.network.resetSome();
  await bench.pass(100);
  assertEquals(await connectMs() < 10, true);
  bench.peers.at(-1)!.send(goAway(1, ErrorCode.NO_ERROR));
  await bench.pass(100);
  assertEquals(await connectMs() >= 250, true);
});
