// RouteGuide of the examples, asked by clients that leave messages out, as any client may.
import { assertEquals } from "@std/assert";
import { Channel, createClient, Server } from "pollwire";
import { RouteGuide } from "../../examples/route_guide/route_guide.ts";
import setUp from "../../examples/route_guide/service.ts";
import { test } from "../harness.ts";

test("a rectangle without corners and a note without a point are at 0, 0, and no error of a handler", async () => {
  const errors: unknown[] = [];
  const server = new Server({ onError: (error) => errors.push(error) });
  await setUp(server, { index: 0, data: undefined });
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const guide = createClient(RouteGuide, channel);

  const found = [];
  for await (const feature of guide.listFeatures({})) found.push(feature);
  assertEquals(found, []);
  const heard = [];
  const notes = [{ message: "one" }, { message: "two", location: { latitude: 0, longitude: 0 } }];
  for await (const { message } of guide.routeChat(notes)) heard.push(message);
  assertEquals(heard, ["one"]);
  assertEquals(errors, []);

  channel.close();
  await server.shutdown();
});
