/**
 * The API of @grpc/grpc-js over pollwire: an application changes one import.
 *
 * @example
 * ```ts ignore
 * import * as grpc from "pollwire/grpc-js"; // was "@grpc/grpc-js"
 * import { loadSync } from "@grpc/proto-loader";
 * const { helloworld } = grpc.loadPackageDefinition(loadSync("helloworld.proto"));
 * const client = new helloworld.Greeter("localhost:50051", grpc.credentials.createInsecure());
 * client.sayHello({ name: "you" }, (error, response) => show(error, response));
 * ```
 *
 * @module
 */

import * as grpc from "./api.ts";

export * from "./api.ts";
/** All of it: for `import grpc from "pollwire/grpc-js"`. */
export { grpc as default };
