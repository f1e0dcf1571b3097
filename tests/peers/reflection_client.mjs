// Reads the services of a server by npm's grpc-reflection-js, on Node, and prints what it has found as one JSON line:
// `node reflection_client.mjs PORT SYMBOL`.
import grpc from "@grpc/grpc-js";
import reflection from "grpc-reflection-js";

const [port, symbol] = process.argv.slice(2);
const client = new reflection.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
const services = await client.listServices();
const root = await client.fileContainingSymbol(symbol);
const methods = root.lookupService(symbol).methodsArray.map((method) => ({
  name: method.name,
  request: method.resolvedRequestType.fullName,
  fields: method.resolvedRequestType.fieldsArray.map(({ id, name, type }) => ({ id, name, type })),
  streams: [method.requestStream === true, method.responseStream === true],
}));
const refused = await client.fileContainingSymbol("gone.Service").then(() => false, () => true);
console.log(JSON.stringify({ services, methods, refused }));
client.grpcClient.close();
