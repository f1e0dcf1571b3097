// A thread that blocks, and does nothing else: servers are found in a real etcd, connected to by TLS, and a call is retried.
import { assert, assertEquals } from "@std/assert";
import {
  type CallObserver,
  Channel,
  CompletionQueue,
  createQueueClient,
  etcdResolver,
  selectPoller,
  tls,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { Program } from "../../pollers/program.ts";
import { LOCAL_WAYS } from "../blocking/bench.ts";
import { Trial } from "../serving.ts";
import { etcdMissing, EtcdProcess } from "./etcd_process.ts";

const probed = OPENSSL.probe();
const skip = etcdMissing ?? (probed.usable ? undefined : probed.because);

const AUTHORITY = new Authority();
const SHOWN = AUTHORITY.issue({ name: "one of all", ip: ["127.0.0.1"], dns: ["trial"] });

for (const [poller, engineOptions] of LOCAL_WAYS) {
  test(
    `[C28] ${poller}${
      engineOptions.ownThread ? ", own thread" : ""
    }: a retried call over etcd:, round_robin and TLS by nextSync alone`,
    () =>
      EtcdProcess.run({ secure: { authority: AUTHORITY.cert, shown: SHOWN } }, async (etcd) => {
        const script = new URL("announced_server.ts", import.meta.url);
        const servers = [0, 1].map(() => new Program(script, [etcd.endpoint, etcd.folder]));
        for (const server of servers) await server.printed("registered");
        const engine = selectPoller(poller).create(engineOptions);
        const credentials = tls.client({ ca: AUTHORITY.cert, ...SHOWN, provider: "openssl" });
        const channel = new Channel("etcd:///services/trial", {
          poller: engine,
          credentials,
          resolvers: { etcd: etcdResolver({ endpoints: [etcd.endpoint], credentials }) },
          serviceConfig: {
            loadBalancingConfig: [{ round_robin: {} }],
            methodConfig: [{
              name: [{}],
              retryPolicy: {
                maxAttempts: 5,
                initialBackoff: "0.01s",
                maxBackoff: "0.1s",
                backoffMultiplier: 2,
                retryableStatusCodes: ["UNAVAILABLE"],
              },
            }],
          },
        });
        let attempts = 0;
        channel.observe({ onCallEnd: (call) => attempts = call.attempts } satisfies CallObserver);
        const queue = new CompletionQueue<string>({ poller: engine });
        const call = createQueueClient(Trial, channel, queue).asyncOne({}, {
          deadline: queue.deadlineIn(30_000),
        });
        call.finish("done");
        assertEquals(queue.nextSync(), { type: "OP_COMPLETE", tag: "done", success: true });
        assertEquals(call.status?.details, "");
        const pids = servers.map(({ pid }) => pid);
        assert(pids.includes(call.response?.number ?? 0));
        assert(attempts > 1, `${attempts} attempts`);
        queue.shutdown();
        await channel[Symbol.asyncDispose]();
        await new Promise<void>((resolve) => engine.onceIdle(resolve));
        await engine.shutdown();
        for (const server of servers) server.kill("SIGTERM");
        for (const server of servers) assertEquals((await server.ended).code, 0);
      }),
    { skip, leaves: "OpenSSL stays loaded" },
  );
}
