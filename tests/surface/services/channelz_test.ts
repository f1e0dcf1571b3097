// channelz: what it says of channels, subchannels, servers and connections, page by page, and what it costs who does not ask.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Channel, Channelz, channelzService, createClient, RpcError, Server, Status, tls } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { addChannel, knownChannels, removeChannel, watchedOf } from "../../../surface/channelz/registry.ts";
import { callContext } from "../../../surface/channel/channel.ts";
import { callsOf } from "../../../surface/channelz/subchannel_calls.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { failure, gate, type Handlers, serving, Trial, until } from "../serving.ts";

const handlers: Handlers = {
  one(request) {
    if (request.text === "fail") throw new RpcError("ABORTED", "as asked");
    return request;
  },
};

/** The number of the channel to `target`. */
async function channelTo(z: ReturnType<typeof clientOf>, target: string) {
  const { channel = [] } = await z.getTopChannels({});
  return channel.find(({ ref }) => ref!.name === target);
}

const clientOf = (channel: Channel) => createClient(channelzService(), channel);

test("[C102] channelz: before anybody asks channels are known, and nothing of them is counted", () => {
  const channel = new Channel("127.0.0.1:1");
  assert(knownChannels().some(({ target }) => target === "127.0.0.1:1"));
  assertEquals(callContext("look", channel).observers.list, undefined);
  channel.close();
  assert(!knownChannels().some(({ target }) => target === "127.0.0.1:1"));
});

test("[C102] channelz: channels are counted as long as a server shows them, those of before and those to come", async () => {
  const isCounted = (one: Channel): boolean => callContext("look", one).observers.list !== undefined;
  const [first, second] = [new Server(), new Server()];
  const before = new Channel("127.0.0.1:1");
  new Channelz(first);
  new Channelz(second);
  const later = new Channel("127.0.0.1:1");
  assertEquals([before, later].map(isCounted), [true, true]);
  await first.shutdown();
  assertEquals([before, later].map(isCounted), [true, true]);
  await second.shutdown();
  assertEquals([before, later].map(isCounted), [false, false]);
  for (const channel of [before, later]) channel.close();
});

test("[C102] channelz: a server that was shut down before counts and shows nothing", async () => {
  const over = new Server();
  await over.shutdown();
  new Channelz(over);
  const channel = new Channel("127.0.0.1:1");
  assertEquals(watchedOf(knownChannels().at(-1)!), undefined);
  channel.close();
});

test("[C102] channelz: calls are counted by how they end, on both sides, from when the service is there", async () => {
  await serving(handlers, async ({ client, channel, server, port }) => {
    await client.one({});
    new Channelz(server);
    assertThrows(() => new Channelz(server), TypeError);
    const z = clientOf(channel);
    const before = Date.now();
    await client.one({});
    await failure(client.one({ text: "fail" }));
    const own = (await channelTo(z, `127.0.0.1:${port}`))!;
    const { state, callsStarted, callsSucceeded, callsFailed, lastCallStartedTimestamp, trace } = own.data!;
    assertEquals([state!.state, callsStarted, callsSucceeded, callsFailed], ["READY", 3n, 1n, 1n]); // the third asks
    assert(Number(lastCallStartedTimestamp!.seconds) >= Math.floor(before / 1_000));
    assertEquals(trace!.events!.map(({ description }) => description), ["the channel is READY"]);
    assertEquals([trace!.numEventsLogged, trace!.events![0]!.severity], [1n, "CT_INFO"]);
    assertEquals((await z.getChannel({ channelId: own.ref!.channelId! })).channel!.ref, own.ref!);
    const { server: [served] = [] } = await z.getServers({});
    assertEquals(served!.ref!.name, `127.0.0.1:${port}`);
    const { callsStarted: begun, callsSucceeded: answered, callsFailed: refused } = served!.data!;
    assertEquals([begun, answered, refused], [5n, 3n, 1n]);
    assertEquals((await z.getServer({ serverId: served!.ref!.serverId! })).server!.ref, served!.ref!);
  });
});

test("[C102] channelz: a subchannel has its address and state, a connection its ends, streams and windows", async () => {
  await serving(handlers, async ({ client, channel, server, port }) => {
    new Channelz(server);
    const z = clientOf(channel);
    for (let i = 0; i < 4; i++) await client.one({});
    const own = (await channelTo(z, `127.0.0.1:${port}`))!;
    const [ref] = own.subchannelRef!;
    assertEquals(ref!.name, `127.0.0.1:${port}`);
    const { subchannel } = await z.getSubchannel({ subchannelId: ref!.subchannelId! });
    assertEquals(subchannel!.data!.state!.state, "READY");
    const [socket] = subchannel!.socketRef!;
    const made = (await z.getSocket({ socketId: socket!.socketId! })).socket!;
    const { ipAddress, port: to } = made.remote!.tcpipAddress!;
    assertEquals([[...ipAddress!], to], [[127, 0, 0, 1], port]);
    assertEquals(made.data!.streamsStarted, 7n); // four calls, and three that asked
    assert(made.data!.localFlowControlWindow!.value! > 0n && made.data!.remoteFlowControlWindow!.value! > 0n);
    assertEquals(made.security, undefined);
    const { server: [served] = [] } = await z.getServers({});
    const { socketRef: sockets = [], end } = await z.getServerSockets({ serverId: served!.ref!.serverId! });
    assertEquals([sockets.length, end], [1, true]);
    const accepted = (await z.getSocket({ socketId: sockets[0]!.socketId! })).socket!;
    assertEquals(accepted.local!.tcpipAddress!.port, port);
    assertEquals(accepted.remote!.tcpipAddress!.port, made.local!.tcpipAddress!.port);
    assert(sockets[0]!.socketId !== socket!.socketId);
  });
});

test("[C102] channelz: pages go by numbers, which are positive and nobody else's again", async () => {
  await serving(handlers, async ({ channel, server }) => {
    new Channelz(server);
    const z = clientOf(channel);
    const more = Array.from({ length: 5 }, (_, i) => new Channel(`127.0.0.1:${i + 1}`));
    const seen: bigint[] = [];
    let pages = 0;
    for (let end = false, from = 0n; !end; pages++) {
      const page = await z.getTopChannels({ startChannelId: from, maxResults: 2 });
      const numbers = page.channel!.map(({ ref }) => ref!.channelId as bigint);
      assert(numbers.length <= 2);
      seen.push(...numbers);
      from = numbers.at(-1)! + 1n;
      end = page.end!;
    }
    assertEquals([seen.length, pages], [6, 3]);
    assertEquals(seen, [...new Set(seen)].sort((a, b) => Number(a - b)));
    assert(seen[0]! > 0n);
    for (const one of more) one.close();
    const again = new Channel("127.0.0.1:1");
    const { channel: left = [] } = await z.getTopChannels({});
    assertEquals(left.length, 2);
    assert((left[1]!.ref!.channelId as bigint) > seen.at(-1)!);
    again.close();
    const lost = await failure(z.getChannel({ channelId: seen[1]! }));
    assertEquals([lost.code, lost.details], [Status.NOT_FOUND, `there is no channel ${seen[1]}`]);
    assertEquals((await failure(z.getSocket({ socketId: 123_456 }))).code, Status.NOT_FOUND);
    assertEquals((await failure(z.getServers({ maxResults: -1 }))).code, Status.INVALID_ARGUMENT);
  });
});

test("[C102] channelz: a trace keeps the last 32 states, and says how many there were", async () => {
  await serving(handlers, async ({ channel, server }) => {
    new Channelz(server);
    const watchers: Array<(state: "IDLE" | "CONNECTING") => void> = [];
    const known = {
      state: "IDLE" as const,
      target: "of the test",
      subchannels: [],
      observe: () => () => {},
      onNextState: (watcher: (state: "IDLE" | "CONNECTING") => void) => {
        watchers.push(watcher);
        return () => {};
      },
    };
    addChannel(known);
    for (let i = 1; i <= 50; i++) watchers.shift()!(i % 2 === 0 ? "IDLE" : "CONNECTING");
    const { data } = (await channelTo(clientOf(channel), "of the test"))!;
    assertEquals([data!.trace!.events!.length, data!.trace!.numEventsLogged], [32, 51n]);
    removeChannel(known);
  });
});

test("[C102] channelz: who shows channels no more leaves none of their states watched", async () => {
  const watchers = new Set<unknown>();
  const known = {
    state: "IDLE" as const,
    target: "of the test",
    subchannels: [],
    observe: () => () => {},
    onNextState: (watcher: unknown) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
  addChannel(known);
  for (let i = 0; i < 3; i++) {
    const server = new Server();
    new Channelz(server);
    assertEquals(watchers.size, 1);
    await server.shutdown();
    assertEquals(watchers.size, 0);
  }
  removeChannel(known);
});

test("[C102] channelz: a server that was shut down is not listed, and one inside the process has its own name", async () => {
  const first = new Server();
  new Channelz(first);
  await first.listen("inprocess:looked-at");
  const channel = new Channel("inprocess:looked-at");
  const z = clientOf(channel);
  const second = new Server();
  new Channelz(second);
  assertEquals((await z.getServers({})).server!.map(({ ref }) => ref!.name), ["inprocess:looked-at", ""]);
  await second.shutdown();
  const { server = [] } = await z.getServers({});
  assertEquals(server.map(({ ref }) => ref!.name), ["inprocess:looked-at"]);
  const { socketRef = [] } = await z.getServerSockets({ serverId: server[0]!.ref!.serverId! });
  const { socket } = await z.getSocket({ socketId: socketRef[0]!.socketId! });
  assertEquals(socket!.local!.otherAddress!.name, "inprocess:looked-at");
  assertEquals([socket!.data!.streamsStarted, socket!.data!.localFlowControlWindow], [4n, undefined]);
  assertEquals([socket!.data!.messagesSent, socket!.data!.messagesReceived], [3n, 4n]);
  await channel[Symbol.asyncDispose]();
  await first.shutdown();
});

/** The connections of the server that was added last, and the subchannel of the channel to `port`. */
async function looked(z: ReturnType<typeof clientOf>, port: number) {
  const own = (await channelTo(z, `127.0.0.1:${port}`))!;
  const { subchannel } = await z.getSubchannel({ subchannelId: own.subchannelRef![0]!.subchannelId! });
  const made = await z.getSocket({ socketId: subchannel!.socketRef![0]!.socketId! });
  const { server = [] } = await z.getServers({});
  const { socketRef = [] } = await z.getServerSockets({ serverId: server.at(-1)!.ref!.serverId! });
  const accepted = await z.getSocket({ socketId: socketRef[0]!.socketId! });
  return { calls: subchannel!.data!, made: made.socket!.data!, accepted: accepted.socket!.data! };
}

test("[C102] channelz: a connection counts its messages, and its streams by how they ended, as its subchannel its calls", async () => {
  const { opened, open } = gate();
  const late: Handlers = {
    ...handlers,
    async *down(request) {
      yield request;
      yield request;
      await opened;
    },
  };
  await serving(late, async ({ client, channel, server, port }) => {
    new Channelz(server);
    const z = clientOf(channel);
    await client.one({});
    await client.one({ body: new Uint8Array(200_000) });
    await failure(client.one({ text: "fail" }));
    let answers = 0;
    for await (const _ of client.down({})) if (++answers === 2) break;
    const { calls, made, accepted } = await looked(z, port);
    // Four calls; two that asked before the subchannel was shown, three before the connection, and two more before the other.
    assertEquals([calls.callsStarted, calls.callsSucceeded, calls.callsFailed], [6n, 3n, 2n]);
    assertEquals([made.streamsStarted, made.streamsSucceeded, made.streamsFailed], [7n, 5n, 1n]);
    assertEquals([made.messagesSent, made.messagesReceived], [7n, 6n]);
    assertEquals([accepted.streamsStarted, accepted.streamsSucceeded, accepted.streamsFailed], [10n, 8n, 1n]);
    assertEquals([accepted.messagesSent, accepted.messagesReceived], [9n, 10n]);
    assertEquals([made.keepAlivesSent, accepted.keepAlivesSent], [0n, 0n]);
    open();
  });
});

test("[C102] channelz: a subchannel keeps the calls of connections that are over", async () => {
  await serving(handlers, async ({ client, port }) => {
    await client.one({});
    await failure(client.one({ text: "fail" }));
    const { subchannels: [subchannel] } = knownChannels().find(({ target }) =>
      target === `127.0.0.1:${port}`
    )!;
    const counted = { started: 2, succeeded: 1, failed: 1 };
    assertEquals(callsOf(subchannel!), counted);
    subchannel!.transports[0]!.close("as the test has it");
    await until(() => subchannel!.transports.length === 0);
    assertEquals(callsOf(subchannel!), counted);
  });
});

test("[C102] channelz: calls of a shared connection that a subchannel leaves and uses again count once", async () => {
  await serving(handlers, async ({ port }) => {
    await using first = new Channel(`127.0.0.1:${port}`);
    const client = createClient(Trial, first);
    await client.one({});
    await using second = new Channel(`127.0.0.1:${port}`);
    await createClient(Trial, second).one({});
    const { subchannels: [subchannel] } = knownChannels().at(-1)!; // the second's
    const before = callsOf(subchannel!);
    assertEquals(before.started, 2); // of both channels
    subchannel!.giveUp();
    assertEquals([subchannel!.transports.length, callsOf(subchannel!)], [0, before]);
    await client.one({}); // of the connection, but not while this one used it: known when it does again
    subchannel!.connect();
    await until(() => subchannel!.transports.length === 1);
    const counted = { started: 3, succeeded: 3, failed: 0 };
    assertEquals(callsOf(subchannel!), counted);
    subchannel!.transports[0]!.close("as the test has it");
    await until(() => subchannel!.transports.length === 0);
    assertEquals(callsOf(subchannel!), counted);
  });
});

test("[C102] channelz: a server shows each socket that it listens on, as long as it does", async () => {
  const server = new Server();
  new Channelz(server);
  await server.listen("inprocess:asked");
  const ports = [await server.listen("127.0.0.1:0"), await server.listen("127.0.0.1:0")];
  const channel = new Channel("inprocess:asked");
  const z = clientOf(channel);
  const shown = async () => (await z.getServers({})).server!.at(-1)!.listenSocket!;
  const sockets = await shown();
  assertEquals(sockets.map(({ name }) => name), [
    "inprocess:asked",
    ...ports.map((port) => `127.0.0.1:${port}`),
  ]);
  const { socket } = await z.getSocket({ socketId: sockets[1]!.socketId! });
  assertEquals([socket!.ref, socket!.local!.tcpipAddress!.port], [sockets[1]!, ports[0]]);
  assertEquals([socket!.remote, socket!.data], [undefined, undefined]);
  assertEquals(await shown(), sockets);
  await server.unbind(ports[0]!);
  assertEquals(await shown(), [sockets[0]!, sockets[2]!]);
  await channel[Symbol.asyncDispose]();
  await server.shutdown();
});

test(
  "[C102] channelz: both sides of a connection over TLS show its cipher, and the certificate of the peer",
  async () => {
    const ca = new Authority();
    const provider = [OPENSSL, NODE_TLS].find((one) => one.probe().usable)!.name;
    const own = ca.issue({ name: "server", dns: ["localhost"], ip: ["127.0.0.1"] });
    const server = new Server({ credentials: tls.server({ ...own, provider }) });
    new Channelz(server);
    const port = await server.listen("127.0.0.1:0");
    const channel = new Channel(`127.0.0.1:${port}`, { credentials: tls.client({ ca: ca.cert, provider }) });
    const z = clientOf(channel);
    try {
      const { subchannelRef = [] } = (await channelTo(z, `127.0.0.1:${port}`))!;
      const { subchannel } = await z.getSubchannel({ subchannelId: subchannelRef[0]!.subchannelId! });
      const { socket: made } = await z.getSocket({ socketId: subchannel!.socketRef![0]!.socketId! });
      const { server: all = [] } = await z.getServers({});
      const { socketRef = [] } = await z.getServerSockets({ serverId: all.at(-1)!.ref!.serverId! });
      const { socket: accepted } = await z.getSocket({ socketId: socketRef[0]!.socketId! });
      const { cipher, peerCertificate } = channel.security!;
      assertEquals([made!.security!.tls!.standardName, accepted!.security!.tls!.standardName], [
        cipher,
        cipher,
      ]);
      assertEquals(made!.security!.tls!.remoteCertificate, peerCertificate!.der);
      assertEquals(accepted!.security!.tls!.remoteCertificate?.length ?? 0, 0);
    } finally {
      await channel[Symbol.asyncDispose]();
      await server.shutdown();
    }
  },
  { leaves: "a runtime's TLS sockets have timers that end after them" },
);

test("[C102] channelz: compressed messages count as others do", async () => {
  const gzip = { compression: "gzip" } as const;
  await serving(handlers, async ({ client, port }) => {
    for (const size of [10, 100_000]) await client.one({ body: new Uint8Array(size) });
    const { subchannels: [subchannel] } = knownChannels().find(({ target }) =>
      target === `127.0.0.1:${port}`
    )!;
    const { messagesSent, messagesReceived } = subchannel!.transports[0]!.counters();
    assertEquals([messagesSent, messagesReceived], [2, 2]);
  }, { channel: gzip, server: gzip });
});
