// A server for tests of commands, of which every kind of method, health and channelz can be asked.
import { fileURLToPath } from "node:url";
import "../../shared_engines.ts";
import { Channelz, Health, loadProto, Reflection, RpcError, Server, type ServerCall } from "../../../mod.ts";

/** The path of its .proto file. */
export const SHOP_PROTO: string = fileURLToPath(new URL("./shop.proto", import.meta.url));

interface Item {
  id?: string;
  price?: bigint;
}

/** What a test does with the server. */
export interface Shop {
  readonly target: string;
  readonly health: Health;
  /** Metadata of the last call, as it was received. */
  seen: Record<string, unknown>;
}

/** Runs `body` with a server at `address`. */
export async function withShop(
  body: (shop: Shop) => Promise<void>,
  address: string = "127.0.0.1:0",
): Promise<void> {
  const { Cart } = await loadProto(SHOP_PROTO);
  const server = new Server();
  const health = new Health(server);
  new Channelz(server);
  new Reflection(server);
  const shop: Shop = { target: address, health, seen: {} };
  const note = (call: ServerCall): void => {
    shop.seen = Object.fromEntries([...call.metadata]);
  };
  server.addService(Cart!, {
    get({ id }: { id: string }, call: ServerCall) {
      note(call);
      if (id === "none") throw new RpcError("NOT_FOUND", "no such item", { metadata: { "x-why": "sold" } });
      return { id, price: 12n, kind: "KIND_BOOK", tags: ["a", "b"], blob: new Uint8Array([1, 2, 255]) };
    },
    *list({ id, count }: { id: string; count: number }) {
      for (let i = 0; i < count; i++) yield { id: `${id}${i}`, price: BigInt(i) };
    },
    async add(items: AsyncIterable<Item>) {
      let price = 0n;
      for await (const item of items) price += item.price ?? 0n;
      return { price };
    },
    async *chat(items: AsyncIterable<Item>) {
      for await (const item of items) yield item;
    },
    old: () => ({}),
  });
  const port = await server.listen(address);
  const local = { ...shop };
  try {
    if (typeof port === "number" && address.endsWith(":0")) {
      Object.assign(local, { target: address.replace(/:0$/, `:${port}`) });
    }
    await body(Object.assign(shop, { target: local.target }));
  } finally {
    server.close();
  }
}
