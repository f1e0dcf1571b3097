// A closed loop of unary calls on @grpc/grpc-js, on Node, Bun or Deno: prints its figures as JSON.
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { readArguments } from "./arguments.mjs";
import { closedLoop } from "./closed_loop.mjs";

const options = readArguments({ port: 0, "in-flight": 1, seconds: 2, "warm-up": 1000, bytes: 16 });
const definition = protoLoader.loadSync(fileURLToPath(new URL("../echo.proto", import.meta.url)));
const { Echo } = grpc.loadPackageDefinition(definition).bench;
const client = new Echo(`127.0.0.1:${options.port}`, grpc.credentials.createInsecure());
const body = Buffer.alloc(options.bytes, 120);

const call = () =>
  new Promise((resolve, reject) =>
    client.unary({ body }, (error, response) => error ? reject(error) : resolve(response.body.length))
  );
const figures = await closedLoop({
  call,
  inFlight: options["in-flight"],
  seconds: options.seconds,
  warmUpMs: options["warm-up"],
  bodyBytes: options.bytes,
});
console.log(JSON.stringify(figures));
process.exit(0);
